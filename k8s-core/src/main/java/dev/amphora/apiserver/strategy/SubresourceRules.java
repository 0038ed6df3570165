package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import java.util.List;

/** What may change through the subresources that hold a part of an object. */
public final class SubresourceRules {
    private static final PodStrategy PODS = new PodStrategy();

    private SubresourceRules() {}

    /** Ephemeral containers are added to a pod; those that are there stay as they are. */
    public static List<FieldError> ephemeralContainers(ObjectNode object, ObjectNode old) {
        Fields pod = whole(object, old);
        Fields containers = pod.at("spec", "ephemeralContainers");
        for (JsonNode before : old.path("spec").path("ephemeralContainers")) {
            String name = before.path("name").asText();
            Fields now = named(containers, name);
            if (now == null) {
                containers.forbidden(
                        "existing ephemeral containers %s may not be removed\n".formatted(FieldError.quoted(name)));
            } else if (!Strategies.same(now.value(), before)) {
                containers.forbidden("existing ephemeral containers %s may not be changed\n%s"
                        .formatted(
                                FieldError.quoted(name),
                                SpecDiff.of(before, now.value(), "core.v1.EphemeralContainer")));
            }
        }
        return pod.errors();
    }

    /** The resources of a pod and its containers, within the quality of service that it has. */
    public static List<FieldError> resize(ObjectNode object, ObjectNode old) {
        return PodResizeRules.check(whole(object, old), old);
    }

    private static Fields whole(ObjectNode object, ObjectNode old) {
        Fields pod = Fields.of(object);
        PODS.metadataUpdate(pod, old);
        PODS.metadata(pod);
        PodRules.pod(pod);
        return pod;
    }

    private static @org.jspecify.annotations.Nullable Fields named(Fields list, String name) {
        for (Fields element : list.elements()) {
            if (element.at("name").is(name)) {
                return element;
            }
        }
        return null;
    }

    /** Fills in the times of conditions that an approval leaves out. */
    public static void stampApproval(ObjectNode object, ObjectNode old, String now) {
        CertificateRequestStrategy.stampConditions(object, old, now);
    }

    /** Whether a request for a certificate is approved or denied, once and for all. */
    public static List<FieldError> approval(ObjectNode object, ObjectNode old) {
        Fields request = Fields.of(object);
        new CertificateRequestStrategy().decided(request, old);
        return request.errors();
    }

    /** The finalizers of a namespace's specification. */
    public static List<FieldError> namespaceFinalizers(ObjectNode object, ObjectNode old) {
        Fields namespace = Fields.of(object);
        MetadataRules.checkUpdate(namespace.at("metadata"), old.path("metadata"));
        for (Fields finalizer : namespace.at("spec", "finalizers").elements()) {
            finalizer.check(Names::labelKey);
            if (finalizer.text().indexOf('/') < 0 && !finalizer.is("kubernetes")) {
                finalizer.invalid("name is neither a standard finalizer name nor is it fully qualified");
            }
        }
        return namespace.errors();
    }
}
