package dev.amphora.rest;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.AccessRequest;
import dev.amphora.apiserver.access.User;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Acting as somebody else, by the {@code Impersonate-} headers, as far as the real user may. */
final class Impersonation {
    private static final String EXTRA = "impersonate-extra-";
    private static final String SERVICE_ACCOUNT = "system:serviceaccount:";

    private final HttpCall call;
    private final User real;
    private final Consumer<AccessRequest> authorize;

    private Impersonation(HttpCall call, User real, Consumer<AccessRequest> authorize) {
        this.call = call;
        this.real = real;
        this.authorize = authorize;
    }

    /**
     * Who the request is made as.
     *
     * @param real who has shown credentials
     * @param authorize refuses what that user may not do
     */
    static User of(HttpCall call, User real, Consumer<AccessRequest> authorize) {
        return new Impersonation(call, real, authorize).wanted();
    }

    private User wanted() {
        String name = call.header("Impersonate-User");
        List<String> groups = call.headers("Impersonate-Group");
        String uid = call.header("Impersonate-Uid");
        Map<String, List<String>> extra = extra();
        if (name == null || name.isEmpty()) {
            if (!groups.isEmpty() || uid != null || !extra.isEmpty()) {
                throw StatusException.badRequest("requested groups, uid or extra without impersonating a user");
            }
            return real;
        }
        String[] account = name.startsWith(SERVICE_ACCOUNT)
                ? name.substring(SERVICE_ACCOUNT.length()).split(":", -1)
                : new String[0];
        if (account.length == 2) {
            check("", "serviceaccounts", "", account[0], account[1]);
        } else {
            check("", "users", "", "", name);
        }
        for (String group : groups) {
            check("", "groups", "", "", group);
        }
        extra.forEach(
                (key, values) -> values.forEach(value -> check("authentication.k8s.io", "userextras", key, "", value)));
        if (uid != null) {
            check("authentication.k8s.io", "uids", "", "", uid);
        }
        return new User(name, uid == null ? "" : uid, groupsOf(name, account, groups), extra);
    }

    private static List<String> groupsOf(String name, String[] account, List<String> given) {
        ImmutableList.Builder<String> groups = ImmutableList.builder();
        if (given.isEmpty() && account.length == 2) {
            groups.add("system:serviceaccounts", "system:serviceaccounts:" + account[0]);
        }
        groups.addAll(given);
        if (name.equals(User.anonymous().name())) {
            return given.isEmpty() ? User.anonymous().groups() : groups.build();
        }
        if (!given.contains(User.AUTHENTICATED)) {
            groups.add(User.AUTHENTICATED);
        }
        return groups.build();
    }

    private Map<String, List<String>> extra() {
        Map<String, List<String>> extra = new TreeMap<>();
        for (String header : call.headerNames()) {
            String lower = header.toLowerCase(Locale.ROOT);
            if (lower.startsWith(EXTRA)) {
                String key = Query.unescape(lower.substring(EXTRA.length()), false);
                extra.put(key == null ? lower.substring(EXTRA.length()) : key, call.headers(header));
            }
        }
        return ImmutableMap.copyOf(extra);
    }

    private void check(String group, String resource, String subresource, String namespace, String name) {
        authorize.accept(new AccessRequest(real, "impersonate", group, "", resource, subresource, namespace, name, ""));
    }
}
