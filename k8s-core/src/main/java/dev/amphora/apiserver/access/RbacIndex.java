package dev.amphora.apiserver.access;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Roles by name, and their bindings by who is bound: kept in step with what is stored, from the first question on. Safe for concurrent
 * use.
 */
public final class RbacIndex {
    static final String GROUP = "rbac.authorization.k8s.io";

    private final ObjectReader objects;
    private final Map<String, Role> clusterRoles = new HashMap<>();
    private final Map<String, Role> roles = new HashMap<>();
    private final Bound clusterBindings = new Bound();
    private final Map<String, Bound> bindings = new HashMap<>();
    private final ObjectReader.Follower clusterRoleFollower = new Roles(clusterRoles);
    private final ObjectReader.Follower roleFollower = new Roles(roles);
    private final ObjectReader.Follower clusterBindingFollower = new Bindings();
    private final ObjectReader.Follower bindingFollower = new NamespacedBindings();
    private final Object starting = new Object();
    private volatile boolean following;
    private volatile long version;

    /** An index that follows what is stored from the first question on. */
    public RbacIndex(ObjectReader objects) {
        this.objects = objects;
    }

    /** What somebody is bound to: the subject by which, its place among those of the binding, and the role. */
    record Binding(
            String name,
            String namespace,
            int place,
            String subjectKind,
            String subject,
            String roleKind,
            String roleName) {

        /** {@code clusterrole.rbac.authorization.k8s.io "x" not found}. */
        String missingRole() {
            return "%s.%s \"%s\" not found".formatted(roleKind.toLowerCase(Locale.ROOT), GROUP, roleName);
        }

        /** Why a request is allowed. */
        String reason() {
            String role = "%s \"%s\" to %s \"%s\"".formatted(roleKind, roleName, subjectKind, subject);
            return namespace.isEmpty()
                    ? "RBAC: allowed by ClusterRoleBinding \"%s\" of %s".formatted(name, role)
                    : "RBAC: allowed by RoleBinding \"%s/%s\" of %s".formatted(name, namespace, role);
        }
    }

    /** A role whose rules are read when first asked for. */
    private static final class Role {
        private @Nullable Supplier<ObjectNode> object;
        private List<PolicyRule> rules = List.of();

        Role(Supplier<ObjectNode> object) {
            this.object = object;
        }

        synchronized List<PolicyRule> rules() {
            if (object != null) {
                rules = PolicyRule.all(object.get().path("rules"));
                object = null;
            }
            return rules;
        }
    }

    /** The bindings of one namespace, or of the cluster. */
    private static final class Bound {
        private final Map<String, TreeMap<String, Binding>> bySubject = new HashMap<>();
        private final Map<String, List<String>> subjects = new HashMap<>();

        void put(String name, Map<String, Binding> bound) {
            remove(name);
            subjects.put(name, ImmutableList.copyOf(bound.keySet()));
            bound.forEach((subject, binding) ->
                    bySubject.computeIfAbsent(subject, key -> new TreeMap<>()).put(name, binding));
        }

        void remove(String name) {
            List<String> known = subjects.remove(name);
            if (known != null) {
                for (String subject : known) {
                    TreeMap<String, Binding> ofSubject = bySubject.get(subject);
                    if (ofSubject != null && ofSubject.remove(name) != null && ofSubject.isEmpty()) {
                        bySubject.remove(subject);
                    }
                }
            }
        }

        /** By name; a binding that names somebody more than once comes once, with the subject that it names first. */
        List<Binding> of(User user) {
            TreeMap<String, Binding> found = new TreeMap<>();
            add(found, bySubject.get(userKey(user.name())));
            for (String group : user.groups()) {
                add(found, bySubject.get(groupKey(group)));
            }
            return List.copyOf(found.values());
        }

        private static void add(TreeMap<String, Binding> found, @Nullable TreeMap<String, Binding> more) {
            if (more != null) {
                more.forEach((name, binding) ->
                        found.merge(name, binding, (one, other) -> one.place <= other.place ? one : other));
            }
        }

        boolean isEmpty() {
            return subjects.isEmpty();
        }
    }

    /** The bindings that apply to a user, those of the cluster first, by name. */
    List<Binding> of(User user, String namespace) {
        follow();
        synchronized (this) {
            List<Binding> all = new ArrayList<>(clusterBindings.of(user));
            Bound inside = namespace.isEmpty() ? null : bindings.get(namespace);
            if (inside != null) {
                all.addAll(inside.of(user));
            }
            return all;
        }
    }

    /** Another number after each change of a role or a binding. */
    long version() {
        return version;
    }

    private synchronized void changed() {
        version++;
    }

    /** The rules that a role has; null if there is no such role. */
    @Nullable List<PolicyRule> rules(String kind, String namespace, String name) {
        follow();
        Role role;
        synchronized (this) {
            role = kind.equals("ClusterRole") ? clusterRoles.get(name) : roles.get(namespace + "/" + name);
        }
        return role == null ? null : role.rules();
    }

    private void follow() {
        if (following) {
            return;
        }
        synchronized (starting) {
            if (!following) {
                objects.follow(GROUP, "clusterroles", clusterRoleFollower);
                objects.follow(GROUP, "roles", roleFollower);
                objects.follow(GROUP, "clusterrolebindings", clusterBindingFollower);
                objects.follow(GROUP, "rolebindings", bindingFollower);
                following = true;
            }
        }
    }

    private final class Roles implements ObjectReader.Follower {
        private final Map<String, Role> known;

        Roles(Map<String, Role> known) {
            this.known = known;
        }

        @Override
        public void reset() {
            synchronized (RbacIndex.this) {
                changed();
                known.clear();
            }
        }

        @Override
        public void put(String namespace, String name, Supplier<ObjectNode> object) {
            synchronized (RbacIndex.this) {
                changed();
                known.put(key(namespace, name), new Role(object));
            }
        }

        @Override
        public void remove(String namespace, String name) {
            synchronized (RbacIndex.this) {
                changed();
                known.remove(key(namespace, name));
            }
        }

        private static String key(String namespace, String name) {
            return namespace.isEmpty() ? name : namespace + "/" + name;
        }
    }

    private final class Bindings implements ObjectReader.Follower {
        @Override
        public void reset() {
            synchronized (RbacIndex.this) {
                changed();
                clusterBindings.bySubject.clear();
                clusterBindings.subjects.clear();
            }
        }

        @Override
        public void put(String namespace, String name, Supplier<ObjectNode> object) {
            Map<String, Binding> bound = bound(name, "", object.get());
            synchronized (RbacIndex.this) {
                changed();
                clusterBindings.put(name, bound);
            }
        }

        @Override
        public void remove(String namespace, String name) {
            synchronized (RbacIndex.this) {
                changed();
                clusterBindings.remove(name);
            }
        }
    }

    private final class NamespacedBindings implements ObjectReader.Follower {
        @Override
        public void reset() {
            synchronized (RbacIndex.this) {
                changed();
                bindings.clear();
            }
        }

        @Override
        public void put(String namespace, String name, Supplier<ObjectNode> object) {
            Map<String, Binding> bound = bound(name, namespace, object.get());
            synchronized (RbacIndex.this) {
                changed();
                bindings.computeIfAbsent(namespace, key -> new Bound()).put(name, bound);
            }
        }

        @Override
        public void remove(String namespace, String name) {
            synchronized (RbacIndex.this) {
                changed();
                Bound inside = bindings.get(namespace);
                if (inside != null) {
                    inside.remove(name);
                    if (inside.isEmpty()) {
                        bindings.remove(namespace);
                    }
                }
            }
        }
    }

    private static Map<String, Binding> bound(String name, String namespace, ObjectNode binding) {
        JsonNode role = binding.path("roleRef");
        Map<String, Binding> bound = new HashMap<>();
        int place = 0;
        for (JsonNode subject : binding.path("subjects")) {
            String who = subject.path("name").asText();
            String kind = subject.path("kind").asText();
            String home = subject.path("namespace").asText(namespace);
            String key =
                    switch (kind) {
                        case "User" -> userKey(who);
                        case "Group" -> groupKey(who);
                        case "ServiceAccount" -> userKey("system:serviceaccount:" + home + ":" + who);
                        default -> "";
                    };
            if (!key.isEmpty()) {
                bound.putIfAbsent(
                        key,
                        new Binding(
                                name,
                                namespace,
                                place,
                                kind,
                                kind.equals("ServiceAccount") ? who + "/" + home : who,
                                role.path("kind").asText(),
                                role.path("name").asText()));
            }
            place++;
        }
        return bound;
    }

    private static String userKey(String name) {
        return "u" + name;
    }

    private static String groupKey(String name) {
        return "g" + name;
    }
}
