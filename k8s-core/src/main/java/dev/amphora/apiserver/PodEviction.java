package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.Selector;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import dev.amphora.kernel.Kernel;
import io.fabric8.kubernetes.api.model.StatusCauseBuilder;
import io.fabric8.kubernetes.api.model.StatusDetailsBuilder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code pods/eviction}: deletes a pod if the disruption budgets allow it. */
final class PodEviction {
    private final Kernel kernel;
    private final Endpoints endpoints;
    private final Reads reads;
    private final Writes writes;
    private final Deletes deletes;
    private final Admission admission;

    PodEviction(Kernel kernel, Endpoints endpoints, Reads reads, Writes writes, Deletes deletes, Admission admission) {
        this.kernel = kernel;
        this.endpoints = endpoints;
        this.reads = reads;
        this.writes = writes;
        this.deletes = deletes;
        this.admission = admission;
    }

    ApiResult create(Call call) {
        ObjectNode eviction = Bodies.object(call, "policy", "v1", "Eviction");
        Writes.matchNamespace(call, eviction);
        admission.mutate(call, Operation.CREATE, eviction, null);
        String name = call.request().name();
        if (!Metadata.text(eviction, "name").equals(name)) {
            throw StatusException.badRequest("name in URL does not match name in Eviction object");
        }
        admission.validate(call, Operation.CREATE, eviction, null);
        Endpoint pods = call.endpoint();
        VersionedObject pod = pods.find(call.request().namespace(), name).orElseThrow(() -> pods.notFound(name));
        JsonNode given = eviction.path("deleteOptions");
        List<String> options = new ArrayList<>(call.options().dryRun());
        options.addAll(Deletes.Options.texts(given.path("dryRun")));
        boolean dryRun = !options.isEmpty();
        if (counts(pod.tree())) {
            List<VersionedObject> budgets = budgets(call.request().namespace(), pod);
            if (budgets.size() > 1) {
                throw StatusException.of(
                        500,
                        "InternalError",
                        "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
                        null);
            }
            if (!budgets.isEmpty() && !disrupted(budgets.get(0), name) && !goesFree(pod.tree(), budgets.get(0))) {
                charge(call, budgets.get(0).name(), name, dryRun);
            }
        }
        if (counts(pod.tree()) && !dryRun) {
            writes.mutateUnasked(call, current -> marked(current, pods.notFound(name)), new PodBinding.Unchecked());
        }
        JsonNode preconditions = given.path("preconditions");
        deletes.evict(
                call,
                new Deletes.Options(
                        given.hasNonNull("gracePeriodSeconds")
                                ? given.path("gracePeriodSeconds").asLong()
                                : null,
                        Deletes.Options.policy(given),
                        null,
                        preconditions.hasNonNull("uid")
                                ? preconditions.path("uid").asText()
                                : null,
                        preconditions.hasNonNull("resourceVersion")
                                ? preconditions.path("resourceVersion").asText()
                                : null,
                        options));
        return Answers.created(call);
    }

    /** Whether a pod's loss would matter to a budget: not if it hasn't begun, has ended, or goes already. */
    private static boolean counts(ObjectNode pod) {
        String phase = pod.path("status").path("phase").asText();
        return !phase.equals("Pending")
                && !phase.equals("Succeeded")
                && !phase.equals("Failed")
                && !Metadata.isDeleting(pod);
    }

    /** Whether a pod that isn't ready may go whatever its budget says. */
    private static boolean goesFree(ObjectNode pod, VersionedObject budget) {
        if (PodConditions.isTrue(pod, "Ready")) {
            return false;
        }
        JsonNode status = budget.tree().path("status");
        long desired = status.path("desiredHealthy").asLong();
        return budget.tree()
                        .path("spec")
                        .path("unhealthyPodEvictionPolicy")
                        .asText()
                        .equals("AlwaysAllow")
                || (desired > 0 && status.path("currentHealthy").asLong() >= desired);
    }

    private List<VersionedObject> budgets(String namespace, VersionedObject pod) {
        List<VersionedObject> found = new ArrayList<>();
        for (VersionedObject budget : reads.all(budgets(), namespace)) {
            if (Selector.of(budget.tree().path("spec").get("selector")).matches(pod.labels())) {
                found.add(budget);
            }
        }
        return found;
    }

    private Endpoint budgets() {
        return endpoints.find("policy", "v1", "poddisruptionbudgets").orElseThrow(ApiServer::notFound);
    }

    private static boolean disrupted(VersionedObject budget, String pod) {
        return budget.tree().path("status").path("disruptedPods").has(pod);
    }

    /** The pod with a note of why it goes. */
    private ObjectNode marked(@Nullable VersionedObject current, StatusException notFound) {
        if (current == null) {
            throw notFound;
        }
        ObjectNode pod = current.tree().deepCopy();
        PodConditions.set(pod, "DisruptionTarget", "True", Metadata.time(kernel.instant()))
                .put("reason", "EvictionByEvictionAPI")
                .put("message", "Eviction API: evicting");
        Metadata.of(pod).put("resourceVersion", Long.toString(current.revision()));
        return pod;
    }

    /** Notes the disruption in the budget's status; refused if none is left. */
    private void charge(Call call, String budget, String pod, boolean dryRun) {
        ApiRequest asked = call.request();
        Call update = new Call(
                new ApiRequest(
                        asked.user(),
                        asked.userAgent(),
                        Verb.UPDATE,
                        "policy",
                        "v1",
                        "poddisruptionbudgets",
                        asked.namespace(),
                        budget,
                        "status",
                        asked.options(),
                        null),
                budgets());
        if (dryRun) {
            VersionedObject found = update.endpoint()
                    .find(asked.namespace(), budget)
                    .orElseThrow(() -> update.endpoint().notFound(budget));
            charged(found, pod);
            return;
        }
        writes.mutate(update, current -> charged(current, pod), new PodBinding.Unchecked(), false);
    }

    private ObjectNode charged(@Nullable VersionedObject current, String pod) {
        if (current == null) {
            throw tooMany("The disruption budget is gone", null);
        }
        ObjectNode budget = current.tree().deepCopy();
        JsonNode status = budget.path("status");
        String name = current.name();
        if (status.path("observedGeneration").asLong()
                < budget.path("metadata").path("generation").asLong()) {
            throw tooMany("The disruption budget %s is still being processed by the server.".formatted(name), 10);
        }
        long allowed = status.path("disruptionsAllowed").asLong();
        if (allowed <= 0) {
            throw tooMany("The disruption budget %s does not allow evicting pods currently".formatted(name), null);
        }
        String now = Metadata.time(kernel.instant());
        ObjectNode next = budget.withObject("/status");
        next.put("disruptionsAllowed", allowed - 1);
        next.withObject("/disruptedPods").put(pod, now);
        if (allowed == 1) {
            insufficient(budget, now);
        }
        Metadata.of(budget).put("resourceVersion", Long.toString(current.revision()));
        return budget;
    }

    private static void insufficient(ObjectNode budget, String now) {
        ObjectNode condition = Json.object();
        condition.put("type", "DisruptionAllowed").put("status", "False");
        condition.put(
                "observedGeneration", budget.path("metadata").path("generation").asLong());
        condition
                .put("lastTransitionTime", now)
                .put("reason", "InsufficientPods")
                .put("message", "");
        budget.withObject("/status").withArray("conditions").removeAll().add(condition);
    }

    private static StatusException tooMany(String why, @Nullable Integer retryAfter) {
        StatusDetailsBuilder details = new StatusDetailsBuilder()
                .withCauses(new StatusCauseBuilder()
                        .withReason("DisruptionBudget")
                        .withMessage(why)
                        .build());
        if (retryAfter != null) {
            details.withRetryAfterSeconds(retryAfter);
        }
        return StatusException.of(
                429,
                "TooManyRequests",
                "Cannot evict pod as it would violate the pod's disruption budget.",
                details.build());
    }
}
