package dev.amphora.apiserver.webhook;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.admission.AdmissionPlugin;
import dev.amphora.apiserver.admission.AdmissionRequest;
import dev.amphora.apiserver.admission.Rounds;
import dev.amphora.apiserver.outside.WebhookProblem;
import dev.amphora.apiserver.patch.JsonPatch;
import dev.amphora.apiserver.patch.JsonPatchProblem;
import dev.amphora.apiserver.policy.RequestFacts;
import dev.amphora.apiserver.schema.DecodeException;
import dev.amphora.apiserver.schema.JsonSyntax;
import dev.amphora.apiserver.schema.ResourceInfo;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/** Has webhooks change what is to be stored, one after the other. */
final class MutatingWebhooks implements AdmissionPlugin {
    private static final String MUTATION = "mutation.webhook.admission.k8s.io/round_%d_index_%d";
    private static final String PATCH = "patch.webhook.admission.k8s.io/round_%d_index_%d";
    private static final String FAILED_OPEN = "failed-open.mutation.webhook.admission.k8s.io/round_%d_index_%d";

    private final Webhooks webhooks;
    private final HookIndex index;
    private final HookCalls calls;

    MutatingWebhooks(Webhooks webhooks) {
        this.webhooks = webhooks;
        calls = webhooks.calls(true);
        index = new HookIndex(webhooks.policies().objects(), "mutatingwebhookconfigurations");
    }

    @Override
    public String name() {
        return "MutatingAdmissionWebhook";
    }

    @Override
    public boolean mayWait() {
        return !index.isEmpty();
    }

    @Override
    public void mutate(AdmissionRequest request) {
        List<Hook> hooks = index.of(request);
        if (hooks.isEmpty() || Webhooks.isExempt(request)) {
            return;
        }
        Rounds rounds = request.origin().rounds();
        Rounds.Callees callees = rounds.of(this);
        callees.begin(request.object());
        RequestFacts facts = RequestFacts.of(request, webhooks.policies());
        for (int i = 0; i < hooks.size(); i++) {
            Hook hook = hooks.get(i);
            Optional<ResourceInfo> as = calls.meant(hook, request, facts);
            if (as.isEmpty() || !callees.isDue(hook.key())) {
                continue;
            }
            if (call(hook, request, facts, as.get(), rounds.isSecond() ? 1 : 0, i)) {
                facts.changed();
                callees.changed();
            }
            if (hook.isReinvoked()) {
                callees.called(hook.key());
            }
        }
        callees.end(request.object());
    }

    /** Calls a webhook; whether it has changed the object. */
    private boolean call(
            Hook hook, AdmissionRequest request, RequestFacts facts, ResourceInfo as, int round, int position) {
        try {
            HookCalls.Begun begun = calls.begin(hook, request, facts, as);
            JsonNode response = calls.end(begun, request);
            boolean changed = patch(hook, response, request, facts, as, round, position);
            note(
                    request,
                    MUTATION.formatted(round, position),
                    Json.object()
                            .put("configuration", hook.configuration())
                            .put("webhook", hook.name())
                            .put("mutated", changed));
            return changed;
        } catch (WebhookProblem e) {
            if (hook.failsClosed()) {
                throw HookCalls.failure(hook, e);
            }
            request.origin().annotations().accept(FAILED_OPEN.formatted(round, position), hook.name());
            return false;
        }
    }

    private static void note(AdmissionRequest request, String key, ObjectNode value) {
        request.origin().annotations().accept(key, value.toString());
    }

    private static boolean patch(
            Hook hook,
            JsonNode response,
            AdmissionRequest request,
            RequestFacts facts,
            ResourceInfo as,
            int round,
            int position)
            throws WebhookProblem {
        JsonNode operations = operations(response.path("patch").asText(""));
        if (operations.isEmpty() && !operations.isObject()) {
            return false;
        }
        JsonPatch patch;
        try {
            patch = JsonPatch.of(operations, true);
        } catch (StatusException e) {
            throw undecodable(String.valueOf(e.getMessage()));
        }
        ObjectNode object = request.object();
        ObjectNode before = facts.object(as);
        if (object == null || before == null) {
            throw StatusException.internalError(
                    "admission webhook %s attempted to modify the object, which is not supported for this operation"
                            .formatted(FieldError.quoted(hook.name())));
        }
        String type = response.path("patchType").asText("JSONPatch");
        if (!type.equals("JSONPatch")) {
            throw new WebhookProblem("unsupported patch type " + FieldError.quoted(type));
        }
        JsonNode patched;
        try {
            patched = patch.explain(before);
        } catch (JsonPatchProblem e) {
            throw StatusException.internalError(e.detail());
        }
        if (Json.same(patched, before)) {
            return false;
        }
        ObjectNode next = back(patched, request, as);
        ObjectNode noted =
                Json.object().put("configuration", hook.configuration()).put("webhook", hook.name());
        noted.set("patch", operations);
        noted.put("patchType", type);
        note(request, PATCH.formatted(round, position), noted);
        object.removeAll();
        object.setAll(next);
        return true;
    }

    private static ObjectNode back(JsonNode patched, AdmissionRequest request, ResourceInfo as) {
        try {
            return request.origin().forms().back(patched, as);
        } catch (StatusException e) {
            String message = String.valueOf(e.getMessage());
            String where = "cannot be handled as a ";
            int start = message.indexOf(where);
            int colon = message.indexOf(": ", Math.max(0, start));
            throw StatusException.internalError(start < 0 || colon < 0 ? message : message.substring(colon + 2));
        }
    }

    private static JsonNode operations(String base64) throws WebhookProblem {
        if (base64.isEmpty()) {
            return Json.mapper().createArrayNode();
        }
        try {
            return JsonSyntax.read(Base64.getDecoder().decode(base64));
        } catch (IllegalArgumentException e) {
            throw new WebhookProblem("failed to call webhook: illegal base64 data");
        } catch (DecodeException e) {
            throw undecodable(e.reason());
        }
    }

    private static WebhookProblem undecodable(String why) {
        return new WebhookProblem("received undecodable patch in webhook response: " + why);
    }
}
