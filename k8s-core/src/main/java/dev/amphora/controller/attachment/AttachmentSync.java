package dev.amphora.controller.attachment;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.Patch;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller.Context;
import dev.amphora.controller.Pods;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.AttachedVolume;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.storage.VolumeAttachment;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Brings the attachments of one volume, and what nodes say about it, in line with the pods that want it. */
final class AttachmentSync {
    private static final ResourceType<VolumeAttachment> ATTACHMENTS = ResourceType.of(VolumeAttachment.class);
    private static final ResourceType<Node> NODES = ResourceType.of(Node.class);
    private static final String FAILED = "FailedAttachVolume";

    private final Context context;
    private final ControlLoop<AttachmentKey> loop;
    private final AttachmentView view;
    /** Since when attachments have not been wanted any more, by their uids. */
    private final Map<String, Instant> unwantedSince = new ConcurrentHashMap<>();
    /** Those on their way out, by uid: nodes are told before. */
    private final Set<String> leaving = ConcurrentHashMap.newKeySet();
    /** Those that were mounted on a node when it went, by uid. */
    private final Set<String> lastSeenInUse = ConcurrentHashMap.newKeySet();
    /** The nodes whose pods were told already that a volume is attached elsewhere, by volume, as long as they want it. */
    private final Map<String, Set<String>> refused = new ConcurrentHashMap<>();

    AttachmentSync(Context context, ControlLoop<AttachmentKey> loop, AttachmentView view) {
        this.context = context;
        this.loop = loop;
        this.view = view;
    }

    Result sync(AttachmentKey key) {
        if (key.isNode()) {
            report(key, key.name());
            return Result.done();
        }
        PersistentVolume volume = view.volumes.find("", key.name()).orElse(null);
        Map<String, List<Pod>> wanted = view.wanted(volume);
        Set<String> told = new TreeSet<>(refused.getOrDefault(key.name(), Set.of()));
        told.retainAll(wanted.keySet());
        Result result = Result.done();
        Set<String> holders = new TreeSet<>();
        for (VolumeAttachment each : view.attachmentsOf(key.name())) {
            if (!Attachments.isOurs(each, volume)) {
                continue;
            }
            holders.add(each.getSpec().getNodeName());
            if (wanted.containsKey(each.getSpec().getNodeName())) {
                unwantedSince.remove(each.getMetadata().getUid());
                leaving.remove(each.getMetadata().getUid());
            } else if (!Pods.isTerminating(each)) {
                result = result.or(detach(key, each));
            }
        }
        try {
            if (volume != null) {
                for (Map.Entry<String, List<Pod>> each : wanted.entrySet()) {
                    attach(key, volume, each.getKey(), each.getValue(), holders, wanted, told);
                }
            }
        } finally {
            if (told.isEmpty()) {
                refused.remove(key.name());
            } else {
                refused.put(key.name(), told);
            }
        }
        return result;
    }

    private void attach(
            AttachmentKey key,
            PersistentVolume volume,
            String nodeName,
            List<Pod> pods,
            Set<String> holders,
            Map<String, List<Pod>> wanted,
            Set<String> told) {
        String name = volume.getMetadata().getName();
        Node node = view.nodes.find("", nodeName).orElse(null);
        if (holders.contains(nodeName) || node == null || !Attachments.isManaged(node)) {
            told.remove(nodeName);
            return;
        }
        if (!holders.isEmpty() && !Attachments.isShareable(volume)) {
            if (told.add(nodeName)) {
                tellOfHolders(volume, pods, holders, wanted);
            }
            return;
        }
        told.remove(nodeName);
        try {
            loop.wrote(key, view.attachments, context.client().create(Attachments.of(volume, nodeName)));
            holders.add(nodeName);
        } catch (StatusException e) {
            if (!e.isAlreadyExists()) {
                pods.forEach(pod -> tellOfFailure(pod, name, e.getMessage()));
                throw e;
            }
        }
    }

    private void tellOfFailure(Pod pod, String volume, @Nullable String why) {
        context.events()
                .warning(pod, FAILED, "AttachVolume.Attach failed for volume \"%s\" : %s".formatted(volume, why));
    }

    private void tellOfHolders(
            PersistentVolume volume, List<Pod> pods, Set<String> holders, Map<String, List<Pod>> wanted) {
        List<Pod> users = holders.stream()
                .flatMap(node -> wanted.getOrDefault(node, List.of()).stream())
                .toList();
        for (Pod pod : pods) {
            context.events()
                    .warning(
                            pod,
                            FAILED,
                            "Multi-Attach error for volume \"%s\" %s"
                                    .formatted(volume.getMetadata().getName(), whoHas(pod, users)));
        }
    }

    /** Names the users in a pod's own namespace; of others only how many they are. */
    private static String whoHas(Pod pod, List<Pod> users) {
        if (users.isEmpty()) {
            return "Volume is already exclusively attached to one node and can't be attached to another";
        }
        List<String> near = users.stream()
                .filter(each -> Objects.equals(
                        each.getMetadata().getNamespace(), pod.getMetadata().getNamespace()))
                .map(each -> each.getMetadata().getName())
                .toList();
        int far = users.size() - near.size();
        if (near.isEmpty()) {
            return "Volume is already used by %d pod(s) in different namespaces".formatted(far);
        }
        String text = "Volume is already used by pod(s) " + String.join(", ", near);
        return far == 0 ? text : "%s and %d pod(s) in different namespaces".formatted(text, far);
    }

    private Result detach(AttachmentKey key, VolumeAttachment attachment) {
        String uid = attachment.getMetadata().getUid();
        Node node = view.nodes.find("", attachment.getSpec().getNodeName()).orElse(null);
        Instant now = context.kernel().instant();
        Duration waited = Duration.between(unwantedSince.computeIfAbsent(uid, any -> now), now);
        boolean tired = waited.compareTo(AttachDetachController.UNMOUNT_PATIENCE) > 0;
        boolean forced = tired && !Attachments.isReady(node) || Attachments.isOutOfService(node);
        if (!forced && isInUse(node, attachment)) {
            return Attachments.isReady(node) ? Result.done() : Result.requeueAfter(untilTired(waited));
        }
        leaving.add(uid);
        report(key, attachment.getSpec().getNodeName());
        if (!forced && !tired && node != null && isInUse(freshNode(attachment), attachment)) {
            // The node was faster; its change brings the volume back.
            leaving.remove(uid);
            report(key, attachment.getSpec().getNodeName());
            return Result.requeueAfter(untilTired(waited));
        }
        try {
            context.client()
                    .delete(
                            ATTACHMENTS,
                            null,
                            attachment.getMetadata().getName(),
                            DeleteOptions.defaults().onlyUid(uid));
            loop.deleted(key, view.attachments, attachment);
        } catch (StatusException e) {
            if (!e.isNotFound() && !e.isConflict()) {
                throw e;
            }
        }
        return Result.done();
    }

    private static Duration untilTired(Duration waited) {
        return AttachDetachController.UNMOUNT_PATIENCE.minus(waited).plusMillis(100);
    }

    private @Nullable Node freshNode(VolumeAttachment attachment) {
        return context.client()
                .find(NODES, null, attachment.getSpec().getNodeName())
                .orElse(null);
    }

    private boolean isInUse(@Nullable Node node, VolumeAttachment attachment) {
        return node == null
                ? lastSeenInUse.contains(attachment.getMetadata().getUid())
                : Attachments.inUse(node).stream().anyMatch(each -> Attachments.means(each, attachment));
    }

    /** Remembers what a node had mounted when it went: whoever deleted it may not have switched it off. */
    void gone(Node node) {
        for (VolumeAttachment each : view.attachmentsOn(node.getMetadata().getName())) {
            if (isInUse(node, each)) {
                lastSeenInUse.add(each.getMetadata().getUid());
            }
        }
    }

    /** Writes what is attached to a node into its status, unless it stands there already. */
    private void report(AttachmentKey key, String nodeName) {
        Node node = view.nodes.find("", nodeName).orElse(null);
        if (node == null || !Attachments.isManaged(node)) {
            return;
        }
        Set<String> attached = new TreeSet<>();
        for (VolumeAttachment each : view.attachmentsOn(nodeName)) {
            PersistentVolume of = Attachments.volumeOf(each)
                    .flatMap(name -> view.volumes.find("", name))
                    .filter(found -> found.getSpec().getCsi() != null)
                    .orElse(null);
            if (of != null
                    && Attachments.isOurs(each, of)
                    && Attachments.isAttached(each)
                    && !Pods.isTerminating(each)
                    && !leaving.contains(each.getMetadata().getUid())) {
                attached.add(Attachments.uniqueName(of));
            }
        }
        List<AttachedVolume> before = node.getStatus() == null
                ? List.of()
                : Objects.requireNonNullElse(node.getStatus().getVolumesAttached(), List.of());
        List<String> names = new ArrayList<>();
        before.forEach(each -> names.add(each.getName()));
        if (Set.copyOf(names).equals(attached)) {
            return;
        }
        ObjectNode body = Json.object();
        ArrayNode all = body.putObject("status").putArray("volumesAttached");
        attached.forEach(each -> all.addObject().put("name", each).put("devicePath", ""));
        try {
            loop.wrote(key, view.nodes, context.client().patch(NODES, null, nodeName, Patch.strategic(body), "status"));
        } catch (StatusException e) {
            if (!e.isNotFound()) {
                throw e;
            }
        }
    }

    /** Tells the pods that wait for a volume what became of its attachment, and forgets one that is gone. */
    void tell(@Nullable VolumeAttachment old, @Nullable VolumeAttachment now) {
        if (now == null) {
            if (old != null) {
                String uid = old.getMetadata().getUid();
                unwantedSince.remove(uid);
                leaving.remove(uid);
                lastSeenInUse.remove(uid);
            }
            return;
        }
        String volume = Attachments.volumeOf(now).orElse("");
        String problem = problem(now);
        boolean isNews = old != null && Attachments.isAttached(now) && !Attachments.isAttached(old);
        boolean isWorse = problem != null && !problem.equals(old == null ? null : problem(old));
        if (!isNews && !isWorse) {
            return;
        }
        PersistentVolume of = view.volumes.find("", volume).orElse(null);
        for (Pod pod : view.wanted(of).getOrDefault(now.getSpec().getNodeName(), List.of())) {
            if (isNews) {
                context.events()
                        .normal(
                                pod,
                                "SuccessfulAttachVolume",
                                "AttachVolume.Attach succeeded for volume \"%s\" ".formatted(volume));
            } else {
                tellOfFailure(pod, volume, problem);
            }
        }
    }

    private static @Nullable String problem(VolumeAttachment attachment) {
        return attachment.getStatus() == null || attachment.getStatus().getAttachError() == null
                ? null
                : attachment.getStatus().getAttachError().getMessage();
    }
}
