package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.ObjectReader;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import java.util.Optional;
import java.util.Set;

/** Gives pods the priority of their class, and keeps the classes of the system. */
final class Priority implements AdmissionPlugin {
    private static final String GROUP = "scheduling.k8s.io";
    private static final String CLASSES = "priorityclasses";
    private static final Set<String> KEPT = Set.of("system-node-critical", "system-cluster-critical");

    private final ObjectReader objects;

    Priority(ObjectReader objects) {
        this.objects = objects;
    }

    @Override
    public String name() {
        return "Priority";
    }

    @Override
    public void mutate(AdmissionRequest request) {
        ObjectNode pod = request.object();
        if (pod == null || !request.isFor("", "pods")) {
            return;
        }
        if (request.operation() == Operation.CREATE) {
            fill(request, pod);
        } else if (request.operation() == Operation.UPDATE && request.old() != null) {
            keep(pod, request.old(), "priority");
            keep(pod, request.old(), "preemptionPolicy");
        }
    }

    @Override
    public void validate(AdmissionRequest request) {
        if (request.operation() != Operation.DELETE && request.isFor(GROUP, CLASSES)) {
            refuseSecondDefault(request);
        }
        if (request.operation() == Operation.DELETE && request.isFor(GROUP, CLASSES) && KEPT.contains(request.name())) {
            throw StatusException.forbidden(
                    GROUP, CLASSES, request.name(), "this is a system priority class and cannot be deleted");
        }
    }

    private void refuseSecondDefault(AdmissionRequest request) {
        ObjectNode given = request.object();
        if (given == null || !given.path("globalDefault").asBoolean()) {
            return;
        }
        globalDefault()
                .map(found -> found.path("metadata").path("name").asText())
                .filter(name -> !name.equals(request.name()))
                .ifPresent(name -> {
                    throw StatusException.forbidden(
                            GROUP,
                            CLASSES,
                            request.name(),
                            "PriorityClass %s is already marked as default. Only one default can exist"
                                    .formatted(name));
                });
    }

    private void fill(AdmissionRequest request, ObjectNode pod) {
        ObjectNode spec = pod.withObject("/spec");
        String name = spec.path("priorityClassName").asText("");
        Optional<ObjectNode> found = name.isEmpty() ? globalDefault() : objects.get(GROUP, CLASSES, "", name);
        if (!name.isEmpty() && found.isEmpty()) {
            throw refuse(request, "no PriorityClass with name %s was found".formatted(name));
        }
        int priority = found.map(each -> each.path("value").asInt()).orElse(0);
        String policy = found.map(each -> each.path("preemptionPolicy").asText("PreemptLowerPriority"))
                .orElse("PreemptLowerPriority");
        if (name.isEmpty() && found.isPresent()) {
            spec.put(
                    "priorityClassName",
                    found.get().path("metadata").path("name").asText());
        }
        if (spec.hasNonNull("priority") && spec.path("priority").asInt() != priority) {
            throw refuse(
                    request,
                    ("the integer value of priority (%d) must not be provided in pod spec; priority admission controller computed"
                                    + " %d from the given PriorityClass name")
                            .formatted(spec.path("priority").asInt(), priority));
        }
        spec.put("priority", priority);
        String given = spec.path("preemptionPolicy").asText("");
        if (spec.hasNonNull("preemptionPolicy") && !given.equals(policy)) {
            throw refuse(
                    request,
                    ("the string value of PreemptionPolicy (%s) must not be provided in pod spec; priority admission controller"
                                    + " computed %s from the given PriorityClass name")
                            .formatted(given, policy));
        }
        spec.put("preemptionPolicy", policy);
    }

    /** The class of pods that name none: of several the one with the lowest value. */
    private Optional<ObjectNode> globalDefault() {
        ObjectNode lowest = null;
        for (ObjectNode each : objects.list(GROUP, CLASSES, "")) {
            if (each.path("globalDefault").asBoolean()
                    && (lowest == null
                            || each.path("value").asInt() < lowest.path("value").asInt())) {
                lowest = each;
            }
        }
        return Optional.ofNullable(lowest);
    }

    private static void keep(ObjectNode pod, ObjectNode old, String field) {
        JsonNode before = old.path("spec").get(field);
        if (before != null && !pod.path("spec").hasNonNull(field)) {
            pod.withObject("/spec").set(field, before);
        }
    }

    private static StatusException refuse(AdmissionRequest request, String why) {
        return StatusException.forbidden("", "pods", request.name(), why);
    }
}
