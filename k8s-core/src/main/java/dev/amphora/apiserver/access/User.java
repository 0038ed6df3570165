package dev.amphora.apiserver.access;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.List;
import java.util.Map;

/**
 * An identity.
 *
 * @param name such as {@code system:kube-scheduler}
 * @param uid empty if there is none
 * @param groups in the order given
 * @param extra what else is known, by lower-case key
 */
public record User(String name, String uid, List<String> groups, Map<String, List<String>> extra) {
    /** The group whose members may do everything. */
    public static final String MASTERS = "system:masters";

    /** The group of everyone who has shown credentials. */
    public static final String AUTHENTICATED = "system:authenticated";

    private static final User ANONYMOUS = new User("system:anonymous", "", List.of("system:unauthenticated"), Map.of());

    /** An identity whose members cannot change. */
    public User {
        groups = ImmutableList.copyOf(groups);
        extra = ImmutableMap.copyOf(extra);
    }

    /** A caller without credentials. */
    public static User anonymous() {
        return ANONYMOUS;
    }

    /** An authenticated user by name and groups. */
    public static User of(String name, String... groups) {
        return new User(
                name,
                "",
                ImmutableList.<String>builder().add(groups).add(AUTHENTICATED).build(),
                Map.of());
    }

    /** A service account, as its tokens identify it. */
    public static User serviceAccount(String namespace, String name) {
        return of(
                "system:serviceaccount:" + namespace + ":" + name,
                "system:serviceaccounts",
                "system:serviceaccounts:" + namespace);
    }

    /** Whether the user is in a group. */
    public boolean in(String group) {
        return groups.contains(group);
    }
}
