package dev.amphora;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.apiserver.ApiRequest;
import dev.amphora.apiserver.ApiResult;
import dev.amphora.apiserver.ApiServer;
import dev.amphora.apiserver.Verb;
import dev.amphora.apiserver.VersionedObject;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The way that objects take through a cluster: every write hop by hop, with its time, its actor and the revision that it made.
 *
 * <p>Hears of all writes from its creation on until it is closed, and keeps the last 10,000. {@link #of} picks those that belong to
 * one pod: its own, its owners', and the events about them.
 */
public final class FlowTrace implements AutoCloseable {
    private static final int LIMIT = 10_000;

    /**
     * One write.
     *
     * @param at when
     * @param actor who: what the caller calls itself
     * @param action what, such as {@code creates} or {@code binds}
     * @param kind of the object, such as {@code Pod}
     * @param namespace empty for cluster-scoped objects
     * @param name of the object
     * @param detail what the write said or changed, in words; may be empty
     * @param revision of the store after the write
     */
    public record Hop(
            Instant at,
            String actor,
            String action,
            String kind,
            String namespace,
            String name,
            String detail,
            long revision) {}

    /** A hop with what ties it to others. */
    private record Seen(Hop hop, String uid, String about, List<String> owners) {}

    private final ApiServer server;
    private final Runnable end;
    private final ArrayDeque<Seen> seen = new ArrayDeque<>();
    private final Map<String, Long> revisions = new HashMap<>();
    private final Map<String, List<String>> facts = new HashMap<>();

    FlowTrace(ApiServer server) {
        this.server = server;
        this.end = server.listen(this::written);
    }

    /** Everything that was written, oldest first. */
    public synchronized List<Hop> hops() {
        return seen.stream().map(Seen::hop).toList();
    }

    /** The hops that led to a pod as it is, oldest first. */
    public synchronized List<Hop> of(Pod pod) {
        Set<String> uids = new HashSet<>();
        uids.add(pod.getMetadata().getUid());
        boolean grown = true;
        while (grown) {
            grown = false;
            for (Seen each : seen) {
                if (uids.contains(each.uid)) {
                    grown |= uids.addAll(each.owners);
                }
            }
        }
        return seen.stream()
                .filter(each -> uids.contains(each.uid) || uids.contains(each.about))
                .map(Seen::hop)
                .toList();
    }

    /** Hops as a table for a terminal, with times relative to the first. */
    public static String table(List<Hop> hops) {
        List<String[]> rows = new ArrayList<>();
        int actorWidth = 1;
        int whatWidth = 1;
        for (Hop hop : hops) {
            String time = "+%.3fs"
                    .formatted(Duration.between(hops.get(0).at(), hop.at()).toNanos() / 1e9);
            String what = "%s %s %s".formatted(hop.action(), hop.kind(), hop.name())
                    + (hop.detail().isEmpty() ? "" : ": " + hop.detail());
            rows.add(new String[] {time, hop.actor(), what, Long.toString(hop.revision())});
            actorWidth = Math.max(actorWidth, hop.actor().length());
            whatWidth = Math.max(whatWidth, what.length());
        }
        String format = "  %9s  %-" + actorWidth + "s  %-" + whatWidth + "s  revision %s%n";
        StringBuilder text = new StringBuilder();
        rows.forEach(row -> text.append(format.formatted((Object[]) row)));
        return text.toString();
    }

    /** Stops listening; what was seen stays. Idempotent. */
    @Override
    public void close() {
        end.run();
    }

    private void written(Instant at, ApiRequest request, ApiResult result) {
        VersionedObject answer = result.object();
        if (answer == null) {
            return;
        }
        ObjectNode object = answer.tree();
        String action = action(request, object);
        if (!request.subresource().isEmpty() && !request.subresource().equals("status")) {
            object = server.objects()
                    .get(request.group(), request.resource(), request.namespace(), request.name())
                    .orElse(object);
        }
        record(at, request, action, object);
    }

    private synchronized void record(Instant at, ApiRequest request, String action, ObjectNode object) {
        JsonNode metadata = object.path("metadata");
        String uid = metadata.path("uid").asText();
        long revision = metadata.path("resourceVersion").asLong();
        boolean deletes = request.verb() == Verb.DELETE;
        Long before = revisions.put(uid, revision);
        if (uid.isEmpty() || (before != null && before == revision && !deletes)) {
            return;
        }
        List<String> owners = new ArrayList<>();
        metadata.path("ownerReferences")
                .forEach(owner -> owners.add(owner.path("uid").asText()));
        seen.add(new Seen(
                new Hop(
                        at,
                        actor(request),
                        action,
                        object.path("kind").asText(),
                        metadata.path("namespace").asText(),
                        metadata.path("name").asText(),
                        deletes ? "" : news(uid, object),
                        revision),
                uid,
                object.path("involvedObject").path("uid").asText(),
                owners));
        if (deletes) {
            revisions.remove(uid);
            facts.remove(uid);
        }
        while (seen.size() > LIMIT) {
            seen.remove();
        }
    }

    private static String actor(ApiRequest request) {
        String agent = request.userAgent();
        int slash = agent.indexOf('/');
        return slash > 0
                ? agent.substring(0, slash)
                : agent.isEmpty() ? request.user().name() : agent;
    }

    private static String action(ApiRequest request, ObjectNode answer) {
        String subresource = request.subresource();
        if (subresource.equals("binding")) {
            return "binds";
        }
        String of = subresource.isEmpty() ? "" : " " + subresource + " of";
        return switch (request.verb()) {
            case CREATE -> subresource.isEmpty() ? "creates" : "posts" + of;
            case UPDATE -> "updates" + of;
            case PATCH -> "patches" + of;
            case DELETE -> answer.path("metadata").has("deletionTimestamp") ? "ends" : "deletes";
            default -> request.verb().word();
        };
    }

    /** What an object says now that it did not say at its last hop. */
    private String news(String uid, ObjectNode object) {
        List<String> now = facts(object);
        List<String> before = facts.put(uid, now);
        List<String> fresh = new ArrayList<>(now);
        if (before != null) {
            fresh.removeAll(before);
        }
        return String.join(", ", fresh);
    }

    private static List<String> facts(ObjectNode object) {
        List<String> facts = new ArrayList<>();
        JsonNode spec = object.path("spec");
        JsonNode status = object.path("status");
        switch (object.path("kind").asText()) {
            case "Deployment", "ReplicaSet", "ReplicationController" -> {
                add(facts, "replicas ", spec.path("replicas"));
                add(facts, "running ", status.path("replicas"));
                add(facts, "ready ", status.path("readyReplicas"));
                add(facts, "available ", status.path("availableReplicas"));
            }
            case "Pod" -> {
                add(facts, "node ", spec.path("nodeName"));
                add(facts, "", status.path("phase"));
                add(facts, "address ", status.path("podIP"));
                for (JsonNode container : status.path("containerStatuses")) {
                    container
                            .path("state")
                            .fieldNames()
                            .forEachRemaining(
                                    state -> facts.add(container.path("name").asText() + " " + state));
                }
                for (JsonNode condition : status.path("conditions")) {
                    if (condition.path("status").asText().equals("True")) {
                        facts.add(condition.path("type").asText());
                    }
                }
            }
            case "Event" -> add(facts, object.path("reason").asText() + ": ", object.path("message"));
            default -> {}
        }
        return facts;
    }

    private static void add(List<String> facts, String words, @Nullable JsonNode value) {
        if (value != null && value.isValueNode() && !value.isNull()) {
            facts.add(words + value.asText());
        }
    }
}
