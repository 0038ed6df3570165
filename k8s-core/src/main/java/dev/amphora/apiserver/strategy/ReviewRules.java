package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import java.util.List;

/** What may be asked in a review, and of what a token may be requested. These are answered, never stored. */
public final class ReviewRules {
    private static final long SHORTEST = 600;
    private static final long LONGEST = 1L << 32;

    private ReviewRules() {}

    /**
     * What is wrong with the question whether somebody may do something.
     *
     * @param kind one of the three kinds of access reviews
     */
    public static List<FieldError> access(ObjectNode review, String kind) {
        Fields fields = Fields.of(review);
        Fields spec = fields.at("spec");
        Fields resource = spec.at("resourceAttributes");
        Fields path = spec.at("nonResourceAttributes");
        if (resource.given() && path.given()) {
            path.invalid(shown(path), "cannot be specified in combination with resourceAttributes");
        } else if (!resource.given() && !path.given()) {
            resource.invalid(
                    NullNode.getInstance(),
                    "exactly one of nonResourceAttributes or resourceAttributes must be specified");
        }
        boolean self = kind.equals("SelfSubjectAccessReview");
        if (!self && spec.at("user").isEmpty() && spec.at("groups").isEmpty()) {
            spec.at("user").invalid("", "at least one of user or group must be specified");
        }
        selector(resource.at("fieldSelector"), false);
        selector(resource.at("labelSelector"), true);
        metadata(fields.at("metadata"), kind.equals("LocalSubjectAccessReview"));
        if (kind.equals("LocalSubjectAccessReview")) {
            Fields namespace = resource.at("namespace");
            if (resource.given()
                    && !namespace
                            .text()
                            .equals(fields.at("metadata", "namespace").text())) {
                namespace.invalid(namespace.text(), "must match metadata.namespace");
            }
            if (path.given()) {
                path.invalid(shown(path), "disallowed on this kind of request");
            }
        }
        return fields.errors();
    }

    /** A question is no object: but for who asked, nothing may be said of it. */
    private static void metadata(Fields metadata, boolean local) {
        if (!(metadata.value() instanceof ObjectNode given)) {
            return;
        }
        ObjectNode rest = given.deepCopy();
        rest.remove("managedFields");
        rest.remove("creationTimestamp");
        if (local) {
            rest.remove("namespace");
        }
        if (!rest.isEmpty()) {
            metadata.invalid(given, local ? "must be empty except for namespace" : "must be empty");
        }
    }

    private static com.fasterxml.jackson.databind.JsonNode shown(Fields path) {
        return GoForm.of(path.value(), "authorization.v1.NonResourceAttributes");
    }

    private static void selector(Fields selector, boolean labels) {
        if (!selector.given()) {
            return;
        }
        Fields raw = selector.at("rawSelector");
        Fields requirements = selector.at("requirements");
        if (!raw.isEmpty() && !requirements.isEmpty()) {
            raw.invalid("may not specified at the same time as requirements");
        } else if (raw.isEmpty() && requirements.isEmpty()) {
            requirements.required(
                    "when %s is specified, requirements or rawSelector is required".formatted(selector.path()));
        }
        for (Fields requirement : requirements.elements()) {
            requirement(requirement, labels);
        }
    }

    /** Operators that are not known may come from a newer caller. */
    private static void requirement(Fields requirement, boolean labels) {
        Fields values = requirement.at("values");
        if (!labels) {
            requirement.at("key").requireText("must be specified");
        }
        switch (requirement.at("operator").text()) {
            case "In", "NotIn" -> {
                if (values.isEmpty()) {
                    values.required("must be specified when `operator` is 'In' or 'NotIn'");
                }
            }
            case "Exists", "DoesNotExist" -> {
                if (!values.isEmpty()) {
                    values.forbidden("may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
                }
            }
            default -> {}
        }
        if (labels) {
            requirement.at("key").check(Names::labelKey);
            values.elements().forEach(value -> value.check(Names::labelValue));
        }
    }

    /** What is wrong with the lifetime that is asked of a token. */
    public static List<FieldError> token(ObjectNode request) {
        Fields seconds = Fields.of(request).at("spec", "expirationSeconds");
        if (seconds.given() && seconds.number() < SHORTEST) {
            seconds.invalid("may not specify a duration less than 10 minutes");
        } else if (seconds.number() > LONGEST) {
            seconds.invalid("may not specify a duration larger than 2^32 seconds");
        }
        return seconds.errors();
    }
}
