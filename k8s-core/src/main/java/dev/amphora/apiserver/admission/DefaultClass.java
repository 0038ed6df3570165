package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.apiserver.access.ObjectReader;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import java.util.Comparator;

/**
 * Gives new objects that name no class the one that is marked as the default: storage classes to claims, ingress classes to ingresses.
 * Of several the newest counts, then the first by name.
 */
final class DefaultClass implements AdmissionPlugin {
    private final ObjectReader objects;
    private final Names names;

    private DefaultClass(ObjectReader objects, Names names) {
        this.objects = objects;
        this.names = names;
    }

    /**
     * What is looked for where.
     *
     * @param older the annotation that named the class before there was a field
     */
    private record Names(
            String plugin,
            String group,
            String resource,
            String field,
            String older,
            String classGroup,
            String classes,
            String mark) {}

    static DefaultClass storage(ObjectReader objects) {
        return new DefaultClass(
                objects,
                new Names(
                        "DefaultStorageClass",
                        "",
                        "persistentvolumeclaims",
                        "storageClassName",
                        "volume.beta.kubernetes.io/storage-class",
                        "storage.k8s.io",
                        "storageclasses",
                        "storageclass.kubernetes.io/is-default-class"));
    }

    static DefaultClass ingress(ObjectReader objects) {
        return new DefaultClass(
                objects,
                new Names(
                        "DefaultIngressClass",
                        "networking.k8s.io",
                        "ingresses",
                        "ingressClassName",
                        "kubernetes.io/ingress.class",
                        "networking.k8s.io",
                        "ingressclasses",
                        "ingressclass.kubernetes.io/is-default-class"));
    }

    @Override
    public String name() {
        return names.plugin;
    }

    @Override
    public void mutate(AdmissionRequest request) {
        ObjectNode object = request.object();
        if (object == null
                || request.operation() != Operation.CREATE
                || !request.isFor(names.group, names.resource)
                || object.path("spec").hasNonNull(names.field)
                || object.path("metadata").path("annotations").has(names.older)) {
            return;
        }
        objects.list(names.classGroup, names.classes, "").stream()
                .filter(each -> each.path("metadata")
                        .path("annotations")
                        .path(names.mark)
                        .asText()
                        .equals("true"))
                .min(Comparator.<ObjectNode, String>comparing(
                                each -> text(each, "creationTimestamp"), Comparator.reverseOrder())
                        .thenComparing(each -> text(each, "name")))
                .ifPresent(found -> object.withObject("/spec").put(names.field, text(found, "name")));
    }

    private static String text(ObjectNode object, String field) {
        return object.path("metadata").path(field).asText();
    }
}
