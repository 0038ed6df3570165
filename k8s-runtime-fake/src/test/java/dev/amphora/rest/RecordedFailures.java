package dev.amphora.rest;

import java.util.List;
import java.util.regex.Pattern;

/** The failures with a code of 500 and more that the reference is recorded to give where one would expect a refusal. */
final class RecordedFailures {
    private static final List<Pattern> MESSAGES = List.of(
            // resource versions that are no numbers, or given where there is none yet
            pattern(
                    "(resourceVersion: Invalid value: \".*\": )?strconv.ParseUint: parsing \".*\": (invalid syntax|value out of range)"),
            pattern("resourceVersion should not be set on objects to be created"),
            pattern("Timeout: Too large resource version: \\d+, current: \\d+"),
            // apply: what doesn't fit its schema
            pattern("failed to create typed patch object \\(.*"),
            pattern("failed to convert new object \\(.*"),
            // strategic merge: what contradicts itself
            pattern("The order in patch list:\n.*"),
            pattern("expected a \\[\\]interface \\{\\}, but received a .*"),
            pattern("list element types are not identical: .*"),
            pattern("map: map\\[.*\\] does not contain declared merge key: .*"),
            pattern("merging lists cannot yet be specified in the patch"),
            pattern("unable to find api field in struct .* for the json field \".*\""),
            pattern("expected a map\\[string\\]interface \\{\\}, but received a .*"),
            // where the reference breaks off without an answer
            pattern("cannot order a list of objects that has no merge key"),
            pattern("unknown patch type: .* in map: .*"),
            // bindings, scales, node ports
            pattern("target\\.(kind|name): .*"),
            pattern("Internal error occurred: the spec replicas field \".*\" does not exist"),
            pattern("Internal error occurred: failed to allocate requested HealthCheck NodePort .*"),
            pattern("Internal Server Error: \"/api/v1/watch\\S*\": failed to create RequestInfo: .*"),
            // nodes that can't be reached
            pattern("Internal error occurred: no connection to node .*"),
            pattern("admission webhook .*"),
            pattern("Internal error occurred: failed calling webhook .*"),
            pattern("conversion webhook for .*"));

    private RecordedFailures() {}

    private static Pattern pattern(String regex) {
        return Pattern.compile(regex, Pattern.DOTALL);
    }

    static boolean contain(String message) {
        return MESSAGES.stream()
                .anyMatch(known -> known.matcher(message.strip()).matches());
    }
}
