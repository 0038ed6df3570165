package dev.amphora.apiserver.webhook;

import dev.amphora.api.StatusException;
import dev.amphora.apiserver.admission.AdmissionPlugin;
import dev.amphora.apiserver.admission.AdmissionRequest;
import dev.amphora.apiserver.outside.WebhookProblem;
import dev.amphora.apiserver.policy.RequestFacts;
import dev.amphora.apiserver.schema.ResourceInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Asks all webhooks at once that may refuse; the first in order that does is told of. */
final class ValidatingWebhooks implements AdmissionPlugin {
    private final Webhooks webhooks;
    private final HookIndex index;
    private final HookCalls calls;

    ValidatingWebhooks(Webhooks webhooks) {
        this.webhooks = webhooks;
        calls = webhooks.calls(false);
        index = new HookIndex(webhooks.policies().objects(), "validatingwebhookconfigurations");
    }

    @Override
    public String name() {
        return "ValidatingAdmissionWebhook";
    }

    @Override
    public boolean mayWait() {
        return !index.isEmpty();
    }

    /** A webhook that is meant, and as what. */
    private record Meant(Hook hook, ResourceInfo as) {}

    /** A call that has begun, or could not. */
    private record Started(Hook hook, HookCalls.@Nullable Begun call, @Nullable WebhookProblem problem) {}

    @Override
    public void validate(AdmissionRequest request) {
        List<Hook> hooks = index.of(request);
        if (hooks.isEmpty() || Webhooks.isExempt(request)) {
            return;
        }
        RequestFacts facts = RequestFacts.of(request, webhooks.policies());
        List<Meant> all = new ArrayList<>();
        for (Hook hook : hooks) {
            Optional<ResourceInfo> as = calls.meant(hook, request, facts);
            as.ifPresent(resource -> all.add(new Meant(hook, resource)));
        }
        List<Started> started = new ArrayList<>();
        for (Meant each : all) {
            started.add(start(each, request, facts));
        }
        StatusException refusal = null;
        for (int i = 0; i < started.size(); i++) {
            StatusException found = outcome(started.get(i), i, request);
            refusal = refusal == null ? found : refusal;
        }
        if (refusal != null) {
            throw refusal;
        }
    }

    private Started start(Meant meant, AdmissionRequest request, RequestFacts facts) {
        try {
            return new Started(meant.hook, calls.begin(meant.hook, request, facts, meant.as), null);
        } catch (WebhookProblem e) {
            return new Started(meant.hook, null, e);
        }
    }

    /** Why a webhook refuses; null if it doesn't. */
    private @Nullable StatusException outcome(Started started, int position, AdmissionRequest request) {
        try {
            if (started.call == null) {
                throw started.problem == null ? new WebhookProblem("not called") : started.problem;
            }
            calls.end(started.call, request);
            return null;
        } catch (WebhookProblem e) {
            if (started.hook.failsClosed()) {
                return HookCalls.failure(started.hook, e);
            }
            request.origin()
                    .annotations()
                    .accept(
                            "failed-open.validating.webhook.admission.k8s.io/round_0_index_" + position,
                            started.hook.name());
            return null;
        } catch (StatusException e) {
            return e;
        }
    }
}
