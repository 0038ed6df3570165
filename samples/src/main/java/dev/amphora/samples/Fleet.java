package dev.amphora.samples;

import dev.amphora.Cluster;
import dev.amphora.api.ResourceType;
import dev.amphora.client.Informer;
import dev.amphora.client.InformerHandler;
import dev.amphora.client.Informers;
import dev.amphora.kernel.Actor;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatus;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/** Counts as a cluster changes: looking at everything each second would be what is measured. */
final class Fleet implements AutoCloseable {
    private final Informers informers;
    private final Actor actor;
    private final Map<String, Integer> availableOf = new HashMap<>();
    private final Set<String> done = new HashSet<>();
    private final Set<String> known = new HashSet<>();
    private final Set<String> lostNodes = new HashSet<>();
    private final Set<String> onLostNodes = new HashSet<>();
    int available;
    int rolledOut;
    int readyNodes;
    int notReady;
    int lostPods;
    private final IntConsumer whenMore;
    private int most;

    /**
     * Begins to count.
     *
     * @param whenMore told whenever more pods are available than ever before
     */
    Fleet(Cluster cluster, IntConsumer whenMore) {
        this.whenMore = whenMore;
        informers = new Informers(cluster.api("bench-count"), cluster.kernel());
        actor = cluster.kernel().actor("bench-count");
        follow(Deployment.class, this::deployment);
        follow(Node.class, this::node);
        follow(Pod.class, this::pod);
    }

    /** Hears of an object as it is now, or that it is gone. */
    private interface Follower<T> {
        void changed(T object, boolean gone);
    }

    private <T extends HasMetadata> void follow(Class<T> type, Follower<T> follower) {
        Informer<T> informer = informers.of(ResourceType.of(type));
        informer.addHandler(actor, new InformerHandler<T>() {
            @Override
            public void onAdd(T object) {
                follower.changed(object, false);
            }

            @Override
            public void onUpdate(T old, T object) {
                follower.changed(object, false);
            }

            @Override
            public void onDelete(T last) {
                follower.changed(last, true);
            }
        });
    }

    private void deployment(Deployment deployment, boolean gone) {
        String name = deployment.getMetadata().getName();
        DeploymentStatus status = deployment.getStatus();
        int now = gone || status == null ? 0 : count(status.getAvailableReplicas());
        Integer before = availableOf.put(name, now);
        available += now - count(before);
        if (available > most) {
            most = available;
            whenMore.accept(most);
        }
        int wanted = count(deployment.getSpec().getReplicas());
        boolean finished = !gone
                && status != null
                && deployment.getMetadata().getGeneration().equals(status.getObservedGeneration())
                && count(status.getUpdatedReplicas()) == wanted
                && count(status.getReplicas()) == wanted
                && now == wanted;
        if (finished ? done.add(name) : done.remove(name)) {
            rolledOut += finished ? 1 : -1;
        }
    }

    private void node(Node node, boolean gone) {
        String name = node.getMetadata().getName();
        boolean ready = !gone
                && node.getStatus() != null
                && node.getStatus().getConditions().stream()
                        .anyMatch(each -> "Ready".equals(each.getType()) && "True".equals(each.getStatus()));
        if (ready) {
            lostNodes.remove(name);
            known.add(name);
        } else if (known.remove(name)) {
            lostNodes.add(name);
        }
        readyNodes = known.size();
        notReady = lostNodes.size();
    }

    private void pod(Pod pod, boolean gone) {
        String uid = pod.getMetadata().getUid();
        boolean counts = !gone
                && pod.getMetadata().getDeletionTimestamp() == null
                && lostNodes.contains(String.valueOf(pod.getSpec().getNodeName()));
        if (counts) {
            if (onLostNodes.add(uid)) {
                lostPods++;
            }
        } else {
            onLostNodes.remove(uid);
        }
    }

    /** Whether no pod that isn't being deleted is left on a lost node. */
    boolean elsewhere() {
        return onLostNodes.isEmpty();
    }

    private static int count(@Nullable Integer value) {
        return value == null ? 0 : value;
    }

    @Override
    public void close() {
        informers.close();
        actor.close();
    }
}
