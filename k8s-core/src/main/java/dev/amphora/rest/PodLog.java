package dev.amphora.rest;

import dev.amphora.apiserver.ApiRequest;
import dev.amphora.rest.HttpCall.HttpStream;
import dev.amphora.rest.NodeConnections.LogOptions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/** {@code pods/log}: finds the container and passes its log on, as fast as the client takes it. */
final class PodLog {
    private final RestApi api;
    private final Exchange exchange;
    private final HttpCall call;
    private final ApiRequest request;
    private final Map<String, List<String>> query;

    PodLog(RestApi api, Exchange exchange, HttpCall call, ApiRequest request, Map<String, List<String>> query) {
        this.api = api;
        this.exchange = exchange;
        this.call = call;
        this.request = request;
        this.query = query;
    }

    void run() {
        exchange.authorize(request.access());
        LogOptions options = LogQuery.parse(query, request.name(), api.kernel.instant());
        PodTarget target = PodTarget.find(api, request);
        String container =
                target.container(query.getOrDefault("container", List.of("")).get(0));
        String node = target.node();
        if (node.isEmpty()) {
            call.answer(exchange.head(new HttpAnswer(204, new byte[0])));
            return;
        }
        OutsideKubelet outside = api.outside(node, ConnectOptions.flag(query, "insecureSkipTLSVerifyBackend"));
        if (outside != null) {
            new KubeletLog(exchange, call, request, outside).run(container, query);
            return;
        }
        Flow.Publisher<byte[]> log = api.nodes.log(node, request.namespace(), request.name(), container, options);
        HttpStream stream =
                call.stream(exchange.head(new HttpAnswer(200, new byte[0]).with("Content-Type", "text/plain")));
        stream.write(new byte[0]);
        log.subscribe(new Passing(stream));
    }

    /** Asks for the next piece when the last is out. */
    private static final class Passing implements Flow.Subscriber<byte[]> {
        private final HttpStream stream;

        Passing(HttpStream stream) {
            this.stream = stream;
        }

        private Flow.@Nullable Subscription subscription;

        @Override
        public void onSubscribe(Flow.Subscription given) {
            subscription = given;
            stream.onClosed(given::cancel);
            given.request(1);
        }

        @Override
        public void onNext(byte[] piece) {
            stream.write(piece).whenComplete((taken, failure) -> {
                Flow.Subscription current = subscription;
                if (current != null && failure == null) {
                    current.request(1);
                }
            });
        }

        @Override
        public void onError(Throwable failure) {
            stream.abort();
        }

        @Override
        public void onComplete() {
            stream.end();
        }
    }
}
