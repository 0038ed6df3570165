package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import java.util.ArrayList;
import java.util.List;

/** Which options writes may carry. */
final class OptionRules {
    private static final int LONGEST_MANAGER = 128;
    private static final List<String> VALIDATIONS = List.of("", "Ignore", "Strict", "Warn");

    private OptionRules() {}

    /** Refuses the options of a create, an update or a patch that make no sense. */
    static void check(Call call) {
        RequestOptions options = call.options();
        List<FieldError> errors = new ArrayList<>();
        switch (call.request().verb()) {
            case CREATE -> write(options, errors, "CreateOptions");
            case UPDATE -> write(options, errors, "UpdateOptions");
            case PATCH -> {
                Body body = call.request().body();
                boolean apply = body != null && body.mediaType().equals(Patches.APPLY);
                if (!apply && options.force() != null) {
                    errors.add(new FieldError(
                            FieldError.Type.FORBIDDEN, "force", "Forbidden: may not be specified for non-apply patch"));
                }
                if (apply && options.fieldManager().isEmpty()) {
                    errors.add(new FieldError(
                            FieldError.Type.REQUIRED, "fieldManager", "Required value: is required for apply patch"));
                }
                write(options, errors, "PatchOptions");
            }
            default -> {}
        }
    }

    /** What is wrong with the values of {@code dryRun}. */
    static void dryRun(List<String> values, List<FieldError> errors) {
        if (!values.isEmpty() && !values.stream().allMatch("All"::equals)) {
            ArrayNode shown = Json.object().putArray("values");
            values.forEach(shown::add);
            errors.add(new FieldError(
                    FieldError.Type.NOT_SUPPORTED,
                    "dryRun",
                    "Unsupported value: %s: supported values: \"All\"".formatted(shown)));
        }
    }

    private static void write(RequestOptions options, List<FieldError> errors, String kind) {
        manager(options.fieldManager(), errors);
        dryRun(options.dryRun(), errors);
        if (!VALIDATIONS.contains(options.fieldValidation())) {
            errors.add(new FieldError(
                    FieldError.Type.NOT_SUPPORTED,
                    "fieldValidation",
                    "Unsupported value: %s: supported values: \"\", \"Ignore\", \"Strict\", \"Warn\""
                            .formatted(Json.quote(options.fieldValidation()))));
        }
        if (!errors.isEmpty()) {
            throw StatusException.invalid("meta.k8s.io", kind, "", errors);
        }
    }

    private static void manager(String manager, List<FieldError> errors) {
        if (manager.isEmpty()) {
            return;
        }
        if (manager.getBytes(java.nio.charset.StandardCharsets.UTF_8).length > LONGEST_MANAGER) {
            errors.add(new FieldError(
                    FieldError.Type.TOO_LONG,
                    "fieldManager",
                    "Too long: may not be more than %d bytes".formatted(LONGEST_MANAGER)));
        }
        int position = 0;
        for (int point : manager.codePoints().toArray()) {
            if (Character.isISOControl(point) || !Character.isDefined(point)) {
                errors.add(new FieldError(
                        FieldError.Type.INVALID,
                        "fieldManager",
                        "Invalid value: %s: invalid character U+%04X (at position %d)"
                                .formatted(Json.quote(manager), point, position)));
            }
            position++;
        }
    }
}
