package dev.amphora.api;

import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.api.model.StatusCause;
import io.fabric8.kubernetes.api.model.StatusCauseBuilder;
import io.fabric8.kubernetes.api.model.StatusDetails;
import io.fabric8.kubernetes.api.model.StatusDetailsBuilder;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The one exception of the API: it carries the {@code Status} that a caller sees, in process as over HTTP.
 *
 * <p>The factories give the codes, reasons and texts of {@code k8s.io/apimachinery/pkg/api/errors}. A resource is named
 * qualified by its group, such as {@code deployments.apps}.
 */
public final class StatusException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Status status;
    private final transient List<String> warnings;

    /**
     * An error with a given status.
     *
     * @param status with code, reason and message
     */
    public StatusException(Status status) {
        this(status, List.of());
    }

    private StatusException(Status status, List<String> warnings) {
        super(status.getMessage());
        this.status = status;
        this.warnings = List.copyOf(warnings);
    }

    /** The same error with texts for {@code Warning} headers. */
    public StatusException withWarnings(List<String> texts) {
        StatusException warned = new StatusException(status, texts);
        warned.setStackTrace(getStackTrace());
        return warned;
    }

    /** Texts for {@code Warning} headers; empty if there are none. */
    public List<String> warnings() {
        return warnings;
    }

    /** The status as a caller sees it. */
    public Status status() {
        return status;
    }

    /** The HTTP status code. */
    public int code() {
        return status.getCode() == null ? 500 : status.getCode();
    }

    /** The reason, such as {@code NotFound}; empty if there is none. */
    public String reason() {
        return status.getReason() == null ? "" : status.getReason();
    }

    /** Whether the object or resource does not exist. */
    public boolean isNotFound() {
        return "NotFound".equals(reason());
    }

    /** Whether an object of that name exists already. */
    public boolean isAlreadyExists() {
        return "AlreadyExists".equals(reason());
    }

    /** Whether the object has changed since the caller read it. */
    public boolean isConflict() {
        return "Conflict".equals(reason());
    }

    /** Whether the resource version asked for is gone. */
    public boolean isGone() {
        return code() == 410;
    }

    /** Whether the status has a cause of a type, such as {@code NamespaceTerminating}. */
    public boolean hasCause(String type) {
        StatusDetails details = status.getDetails();
        return details != null
                && details.getCauses() != null
                && details.getCauses().stream().anyMatch(cause -> type.equals(cause.getReason()));
    }

    /** 404 {@code NotFound}: {@code pods "x" not found}. */
    public static StatusException notFound(String group, String plural, String name) {
        return of(
                404,
                "NotFound",
                "%s %s not found".formatted(qualified(group, plural), FieldError.quoted(name)),
                details(group, plural, name).build());
    }

    /** 409 {@code AlreadyExists}: {@code pods "x" already exists}. */
    public static StatusException alreadyExists(String group, String plural, String name) {
        return of(
                409,
                "AlreadyExists",
                "%s %s already exists".formatted(qualified(group, plural), FieldError.quoted(name)),
                details(group, plural, name).build());
    }

    /** 409 {@code Conflict}: {@code Operation cannot be fulfilled on pods "x": ...}. */
    public static StatusException conflict(String group, String plural, String name, String why) {
        return of(
                409,
                "Conflict",
                "Operation cannot be fulfilled on %s %s: %s"
                        .formatted(qualified(group, plural), FieldError.quoted(name), why),
                details(group, plural, name).build());
    }

    /** 403 {@code Forbidden}: {@code pods "x" is forbidden: ...}. */
    public static StatusException forbidden(String group, String plural, String name, String why) {
        String message = name.isEmpty()
                ? "%s is forbidden: %s".formatted(qualified(group, plural), why)
                : "%s %s is forbidden: %s".formatted(qualified(group, plural), FieldError.quoted(name), why);
        return of(403, "Forbidden", message, details(group, plural, name).build());
    }

    /**
     * 422 {@code Invalid}: {@code Pod "x" is invalid: ...}, with a cause for each error. Equal errors appear once in the message
     * but repeat among the causes.
     *
     * @param group the kind's group
     * @param kind the kind, such as {@code Pod}
     * @param name the object's name, may be empty
     * @param errors at least one
     */
    public static StatusException invalid(String group, String kind, String name, List<FieldError> errors) {
        Set<String> texts = new LinkedHashSet<>();
        for (FieldError error : errors) {
            texts.add(error.text());
        }
        String why = texts.size() == 1
                ? texts.iterator().next()
                : texts.stream().collect(Collectors.joining(", ", "[", "]"));
        List<StatusCause> causes = errors.stream()
                .map(error -> new StatusCauseBuilder()
                        .withReason(error.type().reason())
                        .withMessage(error.message())
                        .withField(error.field())
                        .build())
                .toList();
        String qualifiedKind = group.isEmpty() ? kind : kind + "." + group;
        return of(
                422,
                "Invalid",
                "%s \"%s\" is invalid: %s".formatted(qualifiedKind, name, why),
                details(group, kind, name).withCauses(causes).build());
    }

    /** 400 {@code BadRequest} with a message. */
    public static StatusException badRequest(String message) {
        return of(400, "BadRequest", message, null);
    }

    /** 401 {@code Unauthorized}. */
    public static StatusException unauthorized() {
        return of(401, "Unauthorized", "Unauthorized", null);
    }

    /** 405 {@code MethodNotAllowed}. */
    public static StatusException methodNotAllowed(String group, String plural, String verb) {
        return of(
                405,
                "MethodNotAllowed",
                "%s is not supported on resources of kind \"%s\"".formatted(verb, qualified(group, plural)),
                details(group, plural, "").build());
    }

    /** 410 {@code Expired}: the resource version asked for is gone. */
    public static StatusException expired(String message) {
        return of(410, "Expired", message, null);
    }

    /** 500 {@code InternalError}: {@code Internal error occurred: ...}. */
    public static StatusException internalError(String why) {
        return of(
                500,
                "InternalError",
                "Internal error occurred: " + why,
                new StatusDetailsBuilder()
                        .withCauses(new StatusCauseBuilder().withMessage(why).build())
                        .build());
    }

    /**
     * Any failure.
     *
     * @param code the HTTP status code
     * @param reason the machine-readable reason, empty for none
     * @param message the text
     * @param details null for none
     */
    public static StatusException of(int code, String reason, String message, @Nullable StatusDetails details) {
        StatusBuilder status =
                new StatusBuilder().withStatus("Failure").withCode(code).withMessage(message);
        if (!reason.isEmpty()) {
            status.withReason(reason);
        }
        if (details != null) {
            status.withDetails(details);
        }
        return new StatusException(status.build());
    }

    private static StatusDetailsBuilder details(String group, String kind, String name) {
        StatusDetailsBuilder details = new StatusDetailsBuilder();
        if (!kind.isEmpty()) {
            details.withKind(kind);
        }
        if (!name.isEmpty()) {
            details.withName(FieldError.readable(name));
        }
        if (!group.isEmpty()) {
            details.withGroup(group);
        }
        return details;
    }

    private static String qualified(String group, String plural) {
        return group.isEmpty() ? plural : plural + "." + group;
    }
}
