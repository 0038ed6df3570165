package dev.amphora.rest;

import com.fasterxml.jackson.databind.node.LongNode;
import dev.amphora.api.FieldError;
import dev.amphora.api.StatusException;
import dev.amphora.rest.NodeConnections.LogOptions;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The {@code PodLogOptions} of a query. */
final class LogQuery {
    private final Map<String, List<String>> query;

    private LogQuery(Map<String, List<String>> query) {
        this.query = query;
    }

    /**
     * Reads them.
     *
     * @param pod whose log is asked for, as errors name it
     * @param now what {@code sinceSeconds} counts back from
     * @throws StatusException 400 if something can't be read, 422 if it makes no sense
     */
    static LogOptions parse(Map<String, List<String>> query, String pod, Instant now) {
        return new LogQuery(query).options(pod, now);
    }

    private LogOptions options(String pod, Instant now) {
        Long sinceSeconds = number("sinceSeconds");
        Long tailLines = number("tailLines");
        Long limitBytes = number("limitBytes");
        Instant sinceTime = time("sinceTime");
        List<FieldError> errors = new ArrayList<>();
        if (tailLines != null && tailLines < 0) {
            errors.add(
                    FieldError.invalid("tailLines", LongNode.valueOf(tailLines), "must be greater than or equal to 0"));
        }
        if (limitBytes != null && limitBytes < 1) {
            errors.add(FieldError.invalid("limitBytes", LongNode.valueOf(limitBytes), "must be greater than 0"));
        }
        if (sinceSeconds != null && sinceTime != null) {
            errors.add(FieldError.forbidden("[]", "at most one of `sinceTime` or `sinceSeconds` may be specified"));
        } else if (sinceSeconds != null && sinceSeconds < 1) {
            errors.add(FieldError.invalid("sinceSeconds", LongNode.valueOf(sinceSeconds), "must be greater than 0"));
        }
        if (!text("stream").isEmpty()) {
            errors.add(FieldError.forbidden("stream", "may not be specified"));
        }
        if (!errors.isEmpty()) {
            throw StatusException.invalid("", "PodLogOptions", pod, errors);
        }
        return new LogOptions(
                flag("follow"),
                flag("previous"),
                sinceSeconds == null ? sinceTime : now.minusSeconds(sinceSeconds),
                flag("timestamps"),
                tailLines,
                limitBytes);
    }

    private String text(String name) {
        List<String> values = query.get(name);
        return values == null ? "" : values.get(0);
    }

    private boolean flag(String name) {
        return ConnectOptions.flag(query, name);
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

    private @Nullable Instant time(String name) {
        String value = text(name);
        if (value.isEmpty()) {
            return null;
        }
        try {
            return OffsetDateTime.parse(value).toInstant();
        } catch (DateTimeParseException e) {
            throw StatusException.badRequest(
                    "parsing time \"%s\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"%s\" as \"2006\""
                            .formatted(value, value));
        }
    }
}
