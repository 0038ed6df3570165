package dev.amphora.rest;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.amphora.api.StatusException;
import dev.amphora.api.remote.DialFailure;
import dev.amphora.apiserver.ApiRequest;
import dev.amphora.apiserver.outside.BodyCollector;
import io.fabric8.kubernetes.api.model.StatusCauseBuilder;
import io.fabric8.kubernetes.api.model.StatusDetailsBuilder;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Flow;

/** A container's log from a kubelet of another process. */
final class KubeletLog {
    /** What a kubelet hears of the client's options as they were given, in the order of the reference's URLs. */
    private static final List<String> NUMBERS = List.of("limitBytes", "sinceSeconds", "sinceTime", "tailLines");

    private static final List<String> FLAGS = List.of("follow", "previous", "timestamps");
    private static final int LONGEST_REFUSAL = 20_000;

    private final Exchange exchange;
    private final HttpCall call;
    private final ApiRequest request;
    private final OutsideKubelet kubelet;

    KubeletLog(Exchange exchange, HttpCall call, ApiRequest request, OutsideKubelet kubelet) {
        this.exchange = exchange;
        this.call = call;
        this.request = request;
        this.kubelet = kubelet;
    }

    void run(String container, Map<String, List<String>> query) {
        String url = kubelet.url(path(container, query));
        kubelet.http()
                .sendAsync(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofPublisher())
                .whenComplete((answer, failure) -> {
                    if (failure != null) {
                        String why = DialFailure.reason(failure, kubelet.address());
                        exchange.refuse(StatusException.of(500, "", "Get \"%s\": %s".formatted(url, why), null));
                    } else if (answer.statusCode() < 200 || answer.statusCode() > 206) {
                        refuse(answer);
                    } else {
                        pass(answer);
                    }
                });
    }

    private String path(String container, Map<String, List<String>> query) {
        Map<String, String> options = new TreeMap<>();
        FLAGS.stream().filter(flag -> ConnectOptions.flag(query, flag)).forEach(flag -> options.put(flag, "true"));
        for (String name : NUMBERS) {
            List<String> values = query.getOrDefault(name, List.of());
            if (!values.isEmpty() && !values.get(0).isEmpty()) {
                options.put(name, values.get(0));
            }
        }
        StringBuilder path =
                new StringBuilder("/containerLogs/%s/%s/%s".formatted(request.namespace(), request.name(), container));
        String separator = "?";
        for (Map.Entry<String, String> option : options.entrySet()) {
            path.append(separator)
                    .append(option.getKey())
                    .append('=')
                    .append(KubeletConnect.escaped(option.getValue()));
            separator = "&";
        }
        return path.toString();
    }

    private void pass(HttpResponse<Flow.Publisher<List<ByteBuffer>>> answer) {
        HttpCall.HttpStream stream =
                call.stream(exchange.head(new HttpAnswer(200, new byte[0]).with("Content-Type", "text/plain")));
        stream.write(new byte[0]);
        answer.body().subscribe(new Passing(stream));
    }

    private void refuse(HttpResponse<Flow.Publisher<List<ByteBuffer>>> answer) {
        BodyCollector.collect(answer.body(), LONGEST_REFUSAL)
                .whenComplete((bytes, failure) ->
                        exchange.refuse(refusal(answer.statusCode(), failure == null ? new String(bytes, UTF_8) : "")));
    }

    /** What the reference makes of a kubelet's refusal. */
    private StatusException refusal(int code, String text) {
        if (code == 500) {
            return StatusException.internalError(text);
        }
        if (code == 400) {
            return StatusException.badRequest(text);
        }
        String reason =
                switch (code) {
                    case 401 -> "Unauthorized";
                    case 403 -> "Forbidden";
                    case 404 -> "NotFound";
                    case 405 -> "MethodNotAllowed";
                    case 429 -> "TooManyRequests";
                    case 503 -> "ServiceUnavailable";
                    case 504 -> "Timeout";
                    default -> "Unknown";
                };
        String what =
                switch (code) {
                    case 401 -> "the server has asked for the client to provide credentials";
                    case 403 -> text.isBlank() ? "unknown" : text;
                    case 404 -> "the server could not find the requested resource";
                    case 405 -> "the server does not allow this method on the requested resource";
                    case 429 -> "the server has received too many requests and has asked us to try again later";
                    case 503 -> "the server is currently unable to handle the request";
                    case 504 ->
                        "the server was unable to return a response in the time allotted, but may still be"
                                + " processing the request";
                    default ->
                        "the server responded with the status code %d but did not return more information"
                                .formatted(code);
                };
        StatusDetailsBuilder details =
                new StatusDetailsBuilder().withKind("pods").withName(request.name());
        details.withCauses(new StatusCauseBuilder()
                .withReason("UnexpectedServerResponse")
                .withMessage(text)
                .build());
        return StatusException.of(code, reason, "%s ( pods %s)".formatted(what, request.name()), details.build());
    }
}
