package dev.amphora.controller;

import dev.amphora.client.OwnerReferences;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;

/** Makes pods of an owner's template. */
public final class PodTemplates {
    private PodTemplates() {}

    /** A pod as the template says, controlled by the owner, with a name that the server completes. */
    public static Pod podOf(HasMetadata owner, PodTemplateSpec template) {
        return podOf(owner, template, owner.getMetadata().getName() + "-");
    }

    /**
     * A pod as the template says, controlled by the owner.
     *
     * @param prefix what the server completes to a name
     */
    public static Pod podOf(HasMetadata owner, PodTemplateSpec template, String prefix) {
        ObjectMeta of = template.getMetadata() == null ? new ObjectMeta() : template.getMetadata();
        return new PodBuilder()
                .withNewMetadata()
                .withGenerateName(prefix)
                .withNamespace(owner.getMetadata().getNamespace())
                .withLabels(of.getLabels())
                .withAnnotations(of.getAnnotations())
                .withFinalizers(of.getFinalizers())
                .withOwnerReferences(OwnerReferences.controlledBy(owner))
                .endMetadata()
                .withSpec(template.getSpec())
                .build();
    }
}
