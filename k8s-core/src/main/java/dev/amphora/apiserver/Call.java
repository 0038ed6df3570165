package dev.amphora.apiserver;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** One request on its way through the pipeline: what was asked, what serves it, and the warnings collected so far. */
final class Call {
    private final ApiRequest request;
    private final Endpoint endpoint;
    private final List<String> warnings = new ArrayList<>();
    private final Map<String, String> annotations = new TreeMap<>();

    Call(ApiRequest request, Endpoint endpoint) {
        this.request = request;
        this.endpoint = endpoint;
    }

    ApiRequest request() {
        return request;
    }

    Endpoint endpoint() {
        return endpoint;
    }

    RequestOptions options() {
        return request.options();
    }

    List<String> warnings() {
        return warnings;
    }

    /** Adds a warning, once. */
    void warn(String text) {
        if (!warnings.contains(text)) {
            warnings.add(text);
        }
    }

    /** Notes something for the audit log; a key that is there already keeps its value. */
    void annotate(String key, String value) {
        annotations.putIfAbsent(key, value);
    }

    /** What is noted for the audit log, by key. */
    Map<String, String> annotations() {
        return annotations;
    }

    String key() {
        return endpoint.key(request.namespace(), request.name());
    }
}
