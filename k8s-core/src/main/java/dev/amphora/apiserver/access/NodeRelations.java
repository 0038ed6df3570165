package dev.amphora.apiserver.access;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * What nodes have to do with objects: through the pods that are bound to them, and the volumes that those claim. Follows pods and volumes
 * from the first question on. Safe for concurrent use.
 */
final class NodeRelations {
    private static final String MIRROR = "kubernetes.io/config.mirror";

    private final ObjectReader objects;
    /** By what is referred to: how many pods of each node do. */
    private final Map<String, Map<String, Integer>> users = new HashMap<>();
    /** By pod: its node, and what it refers to. */
    private final Map<String, Bound> pods = new HashMap<>();
    /** By secret: the claims whose volumes need it. */
    private final Map<String, Map<String, String>> secretClaims = new HashMap<>();
    /** By volume: the secrets that it needs. */
    private final Map<String, Set<String>> volumeSecrets = new HashMap<>();

    private final ObjectReader.Follower podFollower = new Pods();
    private final ObjectReader.Follower volumeFollower = new Volumes();
    private final Object starting = new Object();
    private volatile boolean following;

    NodeRelations(ObjectReader objects) {
        this.objects = objects;
    }

    /** Whether a node has to do with an object. */
    @FunctionalInterface
    interface Relation {
        boolean holds(String node, String namespace, String name);
    }

    private record Bound(String node, Set<String> references) {}

    boolean usesSecret(String node, String namespace, String name) {
        if (uses(node, PodReferences.SECRET, namespace, name)) {
            return true;
        }
        synchronized (this) {
            for (String claim : secretClaims
                    .getOrDefault(PodReferences.key(PodReferences.SECRET, namespace, name), Map.of())
                    .values()) {
                if (users.getOrDefault(claim, Map.of()).containsKey(node)) {
                    return true;
                }
            }
        }
        return false;
    }

    boolean usesConfigMap(String node, String namespace, String name) {
        return uses(node, PodReferences.CONFIG_MAP, namespace, name);
    }

    boolean usesClaim(String node, String namespace, String name) {
        return uses(node, PodReferences.CLAIM, namespace, name);
    }

    boolean usesResourceClaim(String node, String namespace, String name) {
        return uses(node, PodReferences.RESOURCE_CLAIM, namespace, name);
    }

    boolean usesServiceAccount(String node, String namespace, String name) {
        return uses(node, PodReferences.SERVICE_ACCOUNT, namespace, name);
    }

    boolean usesVolume(String node, String namespace, String name) {
        JsonNode claim = objects.get("", "persistentvolumes", "", name)
                .map(volume -> volume.path("spec").path("claimRef"))
                .orElse(null);
        return claim != null
                && claim.isObject()
                && usesClaim(
                        node,
                        claim.path("namespace").asText(""),
                        claim.path("name").asText(""));
    }

    boolean runsPod(String node, String namespace, String name) {
        return specNode("", "pods", namespace, name).filter(node::equals).isPresent();
    }

    boolean hasAttachment(String node, String namespace, String name) {
        return specNode("storage.k8s.io", "volumeattachments", "", name)
                .filter(node::equals)
                .isPresent();
    }

    boolean hasSlice(String node, String namespace, String name) {
        return specNode("resource.k8s.io", "resourceslices", "", name)
                .filter(node::equals)
                .isPresent();
    }

    private Optional<String> specNode(String group, String resource, String namespace, String name) {
        return objects.get(group, resource, namespace, name)
                .map(object -> object.path("spec").path("nodeName").asText(""));
    }

    private boolean uses(String node, String kind, String namespace, String name) {
        follow();
        synchronized (this) {
            return users.getOrDefault(PodReferences.key(kind, namespace, name), Map.of())
                    .containsKey(node);
        }
    }

    private void follow() {
        if (following) {
            return;
        }
        synchronized (starting) {
            if (!following) {
                objects.follow("", "pods", podFollower);
                objects.follow("", "persistentvolumes", volumeFollower);
                following = true;
            }
        }
    }

    private final class Pods implements ObjectReader.Follower {
        @Override
        public void reset() {
            synchronized (NodeRelations.this) {
                users.clear();
                pods.clear();
            }
        }

        @Override
        public void put(String namespace, String name, Supplier<ObjectNode> object) {
            ObjectNode pod = object.get();
            String node = pod.path("spec").path("nodeName").asText("");
            boolean mirror = pod.path("metadata").path("annotations").has(MIRROR);
            Bound bound = new Bound(node, mirror ? Set.of() : PodReferences.of(namespace, name, pod));
            synchronized (NodeRelations.this) {
                forget(namespace + "/" + name);
                if (!node.isEmpty()) {
                    pods.put(namespace + "/" + name, bound);
                    bound.references.forEach(key ->
                            users.computeIfAbsent(key, k -> new HashMap<>()).merge(node, 1, Integer::sum));
                }
            }
        }

        @Override
        public void remove(String namespace, String name) {
            synchronized (NodeRelations.this) {
                forget(namespace + "/" + name);
            }
        }

        private void forget(String pod) {
            Bound bound = pods.remove(pod);
            if (bound == null) {
                return;
            }
            for (String key : bound.references) {
                Map<String, Integer> nodes = users.getOrDefault(key, new HashMap<>());
                nodes.computeIfPresent(bound.node, (node, count) -> count == 1 ? null : count - 1);
                if (nodes.isEmpty()) {
                    users.remove(key);
                }
            }
        }
    }

    private final class Volumes implements ObjectReader.Follower {
        @Override
        public void reset() {
            synchronized (NodeRelations.this) {
                secretClaims.clear();
                volumeSecrets.clear();
            }
        }

        @Override
        public void put(String namespace, String name, Supplier<ObjectNode> object) {
            JsonNode spec = object.get().path("spec");
            JsonNode claim = spec.path("claimRef");
            String home = claim.path("namespace").asText("");
            String key = PodReferences.key(
                    PodReferences.CLAIM, home, claim.path("name").asText(""));
            Set<String> secrets = claim.isObject() ? PodReferences.ofVolume(home, spec) : Set.of();
            synchronized (NodeRelations.this) {
                remove(namespace, name);
                if (!secrets.isEmpty()) {
                    volumeSecrets.put(name, secrets);
                    secrets.forEach(secret -> secretClaims
                            .computeIfAbsent(secret, k -> new HashMap<>())
                            .put(name, key));
                }
            }
        }

        @Override
        public void remove(String namespace, String name) {
            synchronized (NodeRelations.this) {
                Set<String> secrets = volumeSecrets.remove(name);
                for (String secret : secrets == null ? List.<String>of() : List.copyOf(secrets)) {
                    Map<String, String> claims = secretClaims.getOrDefault(secret, new HashMap<>());
                    claims.remove(name);
                    if (claims.isEmpty()) {
                        secretClaims.remove(secret);
                    }
                }
            }
        }
    }
}
