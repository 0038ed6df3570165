package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** The labels by which a namespace says how much its pods may do: they must name a known level and version. */
final class PodSecurity implements AdmissionPlugin {
    private static final String PREFIX = "pod-security.kubernetes.io/";
    private static final List<String> MODES = List.of("enforce", "audit", "warn");
    private static final List<String> LEVELS = List.of("privileged", "baseline", "restricted");
    private static final Pattern VERSION = Pattern.compile("latest|v1\\.(0|[1-9]\\d*)");

    @Override
    public String name() {
        return "PodSecurity";
    }

    @Override
    public void validate(AdmissionRequest request) {
        ObjectNode namespace = request.object();
        if (namespace == null || request.operation() == Operation.DELETE || !request.isFor("", "namespaces")) {
            return;
        }
        List<FieldError> errors = errors(namespace);
        if (!errors.isEmpty() && (request.old() == null || errors(request.old()).isEmpty())) {
            throw StatusException.invalid("", "Namespace", request.name(), errors);
        }
    }

    private static List<FieldError> errors(ObjectNode namespace) {
        JsonNode labels = namespace.path("metadata").path("labels");
        List<FieldError> errors = new ArrayList<>();
        for (String mode : MODES) {
            JsonNode level = labels.path(PREFIX + mode);
            if (level.isTextual() && !LEVELS.contains(level.asText())) {
                errors.add(invalid(PREFIX + mode, level, "must be one of " + String.join(", ", LEVELS)));
            }
            JsonNode version = labels.path(PREFIX + mode + "-version");
            if (version.isTextual() && !VERSION.matcher(version.asText()).matches()) {
                errors.add(invalid(PREFIX + mode + "-version", version, "must be \"latest\" or \"v1.x\""));
            }
        }
        return errors;
    }

    private static FieldError invalid(String label, JsonNode value, String why) {
        return FieldError.invalid("metadata.labels[%s]".formatted(label), value, why);
    }
}
