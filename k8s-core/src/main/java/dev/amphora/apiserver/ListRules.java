package dev.amphora.apiserver;

import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which options of lists and watches go together. */
final class ListRules {
    private static final String EXACT = "Exact";
    private static final String NOT_OLDER = "NotOlderThan";

    private ListRules() {}

    static void check(RequestOptions options) {
        List<FieldError> errors = new ArrayList<>();
        String match = options.resourceVersionMatch();
        if (!match.isEmpty()) {
            if (options.resourceVersion().isEmpty()) {
                errors.add(forbidden(
                        "resourceVersionMatch",
                        "resourceVersionMatch is forbidden unless resourceVersion is provided"));
            }
            if (!options.continueToken().isEmpty()) {
                errors.add(forbidden(
                        "resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided"));
            }
            checkMatch(match, errors);
            if (match.equals(EXACT) && options.resourceVersion().equals("0")) {
                errors.add(forbidden(
                        "resourceVersionMatch",
                        "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""));
            }
        }
        if (options.sendInitialEvents() != null) {
            errors.add(forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
        }
        refuse(errors);
    }

    static void checkWatch(RequestOptions options) {
        List<FieldError> errors = new ArrayList<>();
        String match = options.resourceVersionMatch();
        if (options.sendInitialEvents() != null) {
            if (!match.equals(NOT_OLDER)) {
                errors.add(forbidden(
                        "resourceVersionMatch",
                        "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
            }
        } else if (!match.isEmpty()) {
            errors.add(forbidden(
                    "resourceVersionMatch",
                    "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"));
        }
        if (!match.isEmpty() && !match.equals(NOT_OLDER)) {
            errors.add(new FieldError(
                    FieldError.Type.NOT_SUPPORTED,
                    "resourceVersionMatch",
                    "Unsupported value: %s: supported values: \"NotOlderThan\"".formatted(Json.quote(match))));
        }
        if (!options.continueToken().isEmpty()) {
            errors.add(
                    forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided"));
        }
        refuse(errors);
    }

    /** What is wrong with a resource version, null if it is a number. */
    static @Nullable String badVersion(String text) {
        if (text.matches("\\d{1,18}")) {
            return null;
        }
        String why = text.matches("\\d+") ? "value out of range" : "invalid syntax";
        return "Invalid value: %s: strconv.ParseUint: parsing %s: %s"
                .formatted(Json.quote(text), Json.quote(text), why);
    }

    private static void checkMatch(String match, List<FieldError> errors) {
        if (!match.equals(EXACT) && !match.equals(NOT_OLDER)) {
            errors.add(new FieldError(
                    FieldError.Type.NOT_SUPPORTED,
                    "resourceVersionMatch",
                    "Unsupported value: %s: supported values: \"Exact\", \"NotOlderThan\", \"\""
                            .formatted(Json.quote(match))));
        }
    }

    private static void refuse(List<FieldError> errors) {
        if (!errors.isEmpty()) {
            throw StatusException.invalid("meta.k8s.io", "ListOptions", "", errors);
        }
    }

    private static FieldError forbidden(String field, String why) {
        return new FieldError(FieldError.Type.FORBIDDEN, field, "Forbidden: " + why);
    }
}
