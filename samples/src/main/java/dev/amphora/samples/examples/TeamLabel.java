package dev.amphora.samples.examples;

import dev.amphora.apiserver.admission.AdmissionPlugin;

/** An admission plugin that wants to know whose every Deployment is. */
public final class TeamLabel {
    private TeamLabel() {}

    // README: admission
    /** Refuses Deployments without the label {@code team}. */
    public static AdmissionPlugin required() {
        return AdmissionPlugin.validating("TeamLabel", request -> {
            if (request.isFor("apps", "deployments")
                    && request.object() != null
                    && !request.object().at("/metadata/labels").has("team")) {
                throw request.refusal("it does not say whose it is");
            }
        });
    }
    // end
}
