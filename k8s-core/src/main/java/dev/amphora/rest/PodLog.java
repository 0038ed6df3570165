package dev.amphora.rest;

import dev.amphora.api.StatusException;
import dev.amphora.apiserver.ApiRequest;
import dev.amphora.rest.HttpCall.HttpStream;
import dev.amphora.rest.NodeConnections.LogOptions;
import java.time.Instant;
import java.time.format.DateTimeParseException;
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
        PodTarget target = PodTarget.find(api, request);
        LogOptions options = options();
        String container = target.container(text("container"));
        String node = target.node();
        if (node.isEmpty()) {
            call.answer(exchange.head(HttpAnswer.text(200, "")));
            return;
        }
        Flow.Publisher<byte[]> log = api.nodes.log(node, request.namespace(), request.name(), container, options);
        HttpStream stream =
                call.stream(exchange.head(new HttpAnswer(200, new byte[0]).with("Content-Type", "text/plain")));
        stream.write(new byte[0]);
        log.subscribe(new Passing(stream));
    }

    private LogOptions options() {
        Long sinceSeconds = number("sinceSeconds");
        String sinceTime = text("sinceTime");
        Instant since = null;
        if (sinceSeconds != null) {
            since = api.kernel.instant().minusSeconds(sinceSeconds);
        } else if (!sinceTime.isEmpty()) {
            try {
                since = Instant.parse(sinceTime);
            } catch (DateTimeParseException e) {
                throw StatusException.badRequest("sinceTime: cannot parse \"" + sinceTime + "\" as a time");
            }
        }
        return new LogOptions(
                flag("follow"), flag("previous"), since, flag("timestamps"), number("tailLines"), number("limitBytes"));
    }

    private String text(String name) {
        List<String> values = query.get(name);
        return values == null ? "" : values.get(0);
    }

    private boolean flag(String name) {
        String value = text(name);
        return query.containsKey(name) && !value.equals("false") && !value.equals("0");
    }

    private @Nullable Long number(String name) {
        String value = text(name);
        if (value.isEmpty()) {
            return null;
        }
        try {
            return Long.valueOf(value);
        } catch (NumberFormatException e) {
            throw StatusException.badRequest("strconv.ParseInt: parsing \"%s\": invalid syntax".formatted(value));
        }
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
