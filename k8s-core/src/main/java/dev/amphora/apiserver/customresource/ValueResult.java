package dev.amphora.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.amphora.api.FieldError;
import java.util.ArrayList;
import java.util.List;

/** What was found wrong with a value, and how many rules were asked: the alternative that was asked most is the one that is told of. */
final class ValueResult {
    private final List<FieldError> errors = new ArrayList<>();
    private int matches;

    boolean isValid() {
        return errors.isEmpty();
    }

    List<FieldError> errors() {
        return errors;
    }

    int matches() {
        return matches;
    }

    void count() {
        matches++;
    }

    void merge(ValueResult other) {
        other.errors.forEach(this::add);
        matches += other.matches;
    }

    /** Adds what is wrong; what was said already is not said again. */
    void add(FieldError error) {
        String text = error.text();
        if (errors.stream().noneMatch(each -> each.text().equals(text))) {
            errors.add(error);
        }
    }

    /** An error about the whole, which names no field. */
    void addGeneral(String message) {
        add(FieldError.invalid("<nil>", "", message));
    }

    void wrongType(String path, String wanted, String found) {
        String detail = "%s in body must be of type %s: %s".formatted(path, wanted, FieldError.quoted(found));
        add(FieldError.typeInvalid(shown(path), TextNode.valueOf(found), detail));
    }

    void invalid(String path, JsonNode value, String what) {
        add(FieldError.invalid(shown(path), value, path + " in body " + what));
    }

    static String shown(String path) {
        return path.isEmpty() ? "<nil>" : path;
    }
}
