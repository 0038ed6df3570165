package dev.amphora.controller.node;

import dev.amphora.client.Informer;
import dev.amphora.client.ObjectKey;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.Disruption;
import dev.amphora.controller.Pods;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Taint;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Evicts pods that don't bear a NoExecute taint of their node, in time: the reference's {@code taint-eviction-controller}. */
public final class TaintEvictionController implements Controller {
    private static final Disruption DISRUPTION =
            new Disruption("DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint");
    private static final int WORKERS = 8;

    private @Nullable ControlLoop<ObjectKey> loop;

    @Override
    public String name() {
        return "taint-eviction-controller";
    }

    @Override
    public void start(Context context) {
        loop = new Run(context, name()).loop;
    }

    @Override
    public void close() {
        if (loop != null) {
            loop.close();
        }
    }

    /**
     * An eviction that waits for its time, or is done.
     *
     * @param uid of the pod
     * @param due when; null once it is done
     */
    private record Eviction(String uid, @Nullable Instant due) {}

    private static final class Run {
        private final Context context;
        private final Informer<Pod> pods;
        private final Informer<Node> nodes;
        private final Map<ObjectKey, Eviction> evictions = new ConcurrentHashMap<>();
        private final ControlLoop<ObjectKey> loop;

        Run(Context context, String name) {
            this.context = context;
            this.pods = Pods.indexedByNode(context.informers().of(Pod.class));
            this.nodes = context.informers().of(Node.class);
            this.loop = new ControlLoop<>(context.kernel(), name, WORKERS);
            loop.watch(pods, this::podOf).watch(nodes, this::podsOn).start(this::reconcile);
        }

        private void podOf(@Nullable Pod old, @Nullable Pod now, Consumer<ObjectKey> keys) {
            Pod pod = now == null ? old : now;
            if (pod == null) {
                return;
            }
            boolean moved = old == null
                    || now == null
                    || !Objects.equals(
                            old.getSpec().getNodeName(), now.getSpec().getNodeName())
                    || !Objects.equals(
                            old.getSpec().getTolerations(), now.getSpec().getTolerations());
            if (moved && (Pods.isAssigned(pod) || evictions.containsKey(ObjectKey.of(pod)))) {
                keys.accept(ObjectKey.of(pod));
            }
        }

        private void podsOn(@Nullable Node old, @Nullable Node now, Consumer<ObjectKey> keys) {
            if (now != null && !evicting(now).equals(old == null ? List.of() : evicting(old))) {
                pods.byIndex(Pods.BY_NODE, now.getMetadata().getName()).forEach(pod -> keys.accept(ObjectKey.of(pod)));
            }
        }

        private static List<Taint> evicting(Node node) {
            return NodeTaints.of(node).stream()
                    .filter(taint -> "NoExecute".equals(taint.getEffect()))
                    .toList();
        }

        private Result reconcile(ObjectKey key) {
            Pod pod = pods.find(key).orElse(null);
            Eviction eviction = evictions.get(key);
            if (eviction != null
                    && (pod == null || !eviction.uid.equals(pod.getMetadata().getUid()))) {
                cancel(key, eviction);
                eviction = null;
            }
            if (pod == null || !Pods.isAssigned(pod)) {
                return Result.done();
            }
            Node node = nodes.find("", pod.getSpec().getNodeName()).orElse(null);
            if (node == null) {
                return Result.done();
            }
            List<Taint> taints = evicting(node);
            if (!Tolerance.isTolerated(taints, pod.getSpec().getTolerations())) {
                cancel(key, eviction);
                evict(key, pod);
                return Result.done();
            }
            boolean done = eviction != null && eviction.due == null;
            if (done || Pods.isTerminating(pod)) {
                return Result.done();
            }
            Duration bearable = Tolerance.of(taints, pod.getSpec().getTolerations());
            if (bearable.equals(Tolerance.FOREVER)) {
                cancel(key, eviction);
                return Result.done();
            }
            Instant now = context.kernel().instant();
            // an eviction once set keeps its time, whatever taints come later
            Instant due = eviction != null && eviction.due != null ? eviction.due : now.plus(bearable);
            if (due.isAfter(now)) {
                evictions.put(key, new Eviction(pod.getMetadata().getUid(), due));
                return Result.requeueAfter(Duration.between(now, due));
            }
            evict(key, pod);
            return Result.done();
        }

        private void evict(ObjectKey key, Pod pod) {
            event(key, pod.getMetadata().getUid(), "Marking for deletion Pod " + key);
            Disruption.delete(
                    context.client(), pod, DISRUPTION, false, context.kernel().instant());
            evictions.put(key, new Eviction(pod.getMetadata().getUid(), null));
        }

        private void cancel(ObjectKey key, @Nullable Eviction eviction) {
            evictions.remove(key);
            if (eviction != null && eviction.due != null) {
                event(key, eviction.uid, "Cancelling deletion of Pod " + key);
            }
        }

        private void event(ObjectKey key, String uid, String message) {
            context.events()
                    .record(
                            new ObjectReferenceBuilder()
                                    .withApiVersion("v1")
                                    .withKind("Pod")
                                    .withNamespace(key.namespace())
                                    .withName(key.name())
                                    .withUid(uid)
                                    .build(),
                            "Normal",
                            "TaintManagerEviction",
                            message);
        }
    }
}
