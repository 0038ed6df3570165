package dev.amphora.apiserver.webhook;

import dev.amphora.apiserver.admission.AdmissionPlugin;
import dev.amphora.apiserver.admission.AdmissionRequest;
import dev.amphora.apiserver.outside.WebhookServers;
import dev.amphora.apiserver.policy.Policies;
import dev.amphora.kernel.Kernel;

/** What calling webhooks needs of the server, and the plugins that do it. */
public final class Webhooks {
    private static final String GROUP = "admissionregistration.k8s.io";

    private final Policies policies;
    private final Kernel kernel;
    private final WebhookServers servers;

    /**
     * The surroundings of webhooks.
     *
     * @param servers the way to them
     * @param policies what expressions and rules need to know
     */
    public Webhooks(Kernel kernel, WebhookServers servers, Policies policies) {
        this.kernel = kernel;
        this.servers = servers;
        this.policies = policies;
    }

    /** Changes what mutating webhooks are for. */
    public AdmissionPlugin mutating() {
        return new MutatingWebhooks(this);
    }

    /** Refuses what validating webhooks don't allow. */
    public AdmissionPlugin validating() {
        return new ValidatingWebhooks(this);
    }

    Policies policies() {
        return policies;
    }

    /** Calls for one half of admission. */
    HookCalls calls(boolean mutating) {
        return new HookCalls(kernel, servers, policies, mutating);
    }

    /** Whether webhooks have no say, so that nobody can lock himself out by them. */
    static boolean isExempt(AdmissionRequest request) {
        return request.group().equals(GROUP)
                && switch (request.resource()) {
                    case "validatingwebhookconfigurations",
                            "mutatingwebhookconfigurations",
                            "validatingadmissionpolicies",
                            "validatingadmissionpolicybindings",
                            "mutatingadmissionpolicies",
                            "mutatingadmissionpolicybindings" -> true;
                    default -> false;
                };
    }
}
