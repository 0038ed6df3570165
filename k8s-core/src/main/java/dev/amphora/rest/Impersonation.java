package dev.amphora.rest;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.amphora.api.FieldError;
import dev.amphora.api.Names;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.AccessRequest;
import dev.amphora.apiserver.access.User;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Acting as somebody else, by the {@code Impersonate-} headers, as far as the real user may.
 *
 * <p>There are several ways to be allowed to, tried one after another: constrained ones (KEP-5284), each for one sort of user, which ask
 * both who may be impersonated and what may be done while doing so; and the old one, which asks only for the former.
 */
final class Impersonation {
    private static final String ANY = "impersonate-";
    private static final String EXTRA = "impersonate-extra-";
    private static final String AUTHENTICATION = "authentication.k8s.io";
    private static final String NODE_NAME = "authentication.kubernetes.io/node-name";
    private static final String NODE_KEYS = "authentication.kubernetes.io/associated-node-keys";
    /** From so many on, whether all may be impersonated is asked before each is. */
    private static final int MANY = 4;

    private final User real;
    private final User wanted;
    private final AccessRequest request;
    private final Consumer<AccessRequest> authorize;
    private final Cache<String, String> worked;

    private Impersonation(
            User real,
            User wanted,
            AccessRequest request,
            Consumer<AccessRequest> authorize,
            Cache<String, String> worked) {
        this.worked = worked;
        this.real = real;
        this.wanted = wanted;
        this.request = request;
        this.authorize = authorize;
    }

    /**
     * Who the request is made as.
     *
     * @param real who has shown credentials
     * @param request what that user asks for, if it is needed
     * @param authorize refuses what a user may not do
     * @param worked by real user, the way that has last let it act as somebody: it is tried first, and tells why if none does
     */
    static User of(
            HttpCall call,
            User real,
            Supplier<AccessRequest> request,
            Consumer<AccessRequest> authorize,
            Cache<String, String> worked) {
        User wanted = wanted(call);
        return wanted == null ? real : new Impersonation(real, wanted, request.get(), authorize, worked).allowed();
    }

    /** The same for who has never acted as somebody else. */
    static User of(HttpCall call, User real, Supplier<AccessRequest> request, Consumer<AccessRequest> authorize) {
        return of(call, real, request, authorize, CacheBuilder.newBuilder().build());
    }

    /** Who the headers name; null if nobody. */
    private static @Nullable User wanted(HttpCall call) {
        if (!call.hasHeaderLike(ANY)) {
            return null;
        }
        String name = call.header("Impersonate-User");
        String uid = call.header("Impersonate-Uid");
        User wanted = new User(
                name == null ? "" : name, uid == null ? "" : uid, call.headers("Impersonate-Group"), extra(call));
        if (!wanted.name().isEmpty()) {
            return wanted;
        }
        if (onlyNamed(wanted)) {
            return null;
        }
        throw StatusException.badRequest("requested %s without impersonating a user name".formatted(shown(wanted)));
    }

    private static Map<String, List<String>> extra(HttpCall call) {
        Map<String, List<String>> extra = new TreeMap<>();
        for (String header : call.headerNames()) {
            String lower = header.toLowerCase(Locale.ROOT);
            if (lower.startsWith(EXTRA)) {
                String escaped = lower.substring(EXTRA.length());
                String key = Query.unescape(escaped, false);
                extra.computeIfAbsent(key == null ? escaped : key, k -> new ArrayList<>())
                        .addAll(call.headers(header));
            }
        }
        return ImmutableMap.copyOf(extra);
    }

    /** How the reference prints a user. */
    private static String shown(User user) {
        String extra = user.extra().isEmpty()
                ? "(nil)"
                : user.extra().entrySet().stream()
                        .map(entry -> FieldError.quoted(entry.getKey()) + ":" + list(entry.getValue()))
                        .collect(Collectors.joining(", ", "{", "}"));
        return "&user.DefaultInfo{Name:\"\", UID:%s, Groups:%s, Extra:map[string][]string%s}"
                .formatted(
                        FieldError.quoted(user.uid()),
                        user.groups().isEmpty() ? "[]string(nil)" : list(user.groups()),
                        extra);
    }

    private static String list(List<String> texts) {
        return texts.stream().map(FieldError::quoted).collect(Collectors.joining(", ", "[]string{", "}"));
    }

    private User allowed() {
        @Nullable StatusException first = null;
        List<String> modes = modes();
        String last = worked.getIfPresent(real.name());
        if (last != null && modes.remove(last)) {
            modes.add(0, last);
        }
        for (String mode : modes) {
            try {
                User user = mode.isEmpty() ? legacy() : constrained(mode);
                worked.put(real.name(), mode);
                return user;
            } catch (StatusException e) {
                first = first == null ? e : first;
            }
        }
        throw first == null ? StatusException.internalError("all impersonation modes failed") : first;
    }

    /** The ways that fit the wanted user; the old one has no name. */
    private List<String> modes() {
        List<String> modes = new ArrayList<>();
        boolean node = nodeName(wanted.name()) != null;
        boolean account = account(wanted.name()) != null;
        if (node && onlyNamed(wanted)) {
            if (account(real.name()) != null
                    && real.extra().getOrDefault(NODE_NAME, List.of()).equals(List.of(nodeName(wanted.name())))) {
                modes.add("associated-node");
            }
            modes.add("arbitrary-node");
        }
        if (account && onlyNamed(wanted)) {
            modes.add("serviceaccount");
        }
        if (!node && !account) {
            modes.add("user-info");
        }
        modes.add("");
        return modes;
    }

    private static boolean onlyNamed(User user) {
        return user.uid().isEmpty() && user.groups().isEmpty() && user.extra().isEmpty();
    }

    // ---- constrained ------------------------------------------------------------------------------------------------

    private User constrained(String mode) {
        boolean associated = mode.equals("associated-node");
        User who = associated
                ? new User(
                        real.name(),
                        real.uid(),
                        real.groups(),
                        Map.of(
                                NODE_KEYS,
                                ImmutableList.sortedCopyOf(real.extra().keySet())))
                : real;
        authorize.accept(as(who, "impersonate-on:" + mode + ":" + request.verb()));
        String verb = "impersonate:" + mode;
        Check check = new Check(who, verb);
        String node = nodeName(wanted.name());
        String[] account = account(wanted.name());
        if (node != null) {
            check.of(AUTHENTICATION, "nodes", "", "", associated ? "*" : node);
        } else if (account != null) {
            check.of(AUTHENTICATION, "serviceaccounts", "", account[0], account[1]);
        } else {
            check.of(AUTHENTICATION, "users", "", "", wanted.name());
        }
        check.uid();
        constrainedGroups(check);
        constrainedExtra(check);
        return impersonated(node != null ? List.of("system:nodes") : groups());
    }

    private void constrainedGroups(Check check) {
        List<String> groups = wanted.groups();
        if (groups.contains("")) {
            throw check.refusal("groups", "", "impersonating the empty string group is not allowed");
        }
        if (groups.contains(User.MASTERS)) {
            throw check.refusal("groups", User.MASTERS, "impersonating the system:masters group is not allowed");
        }
        if (groups.size() < MANY || !check.may(AUTHENTICATION, "groups", "", "*")) {
            groups.forEach(group -> check.of(AUTHENTICATION, "groups", "", "", group));
        }
    }

    private void constrainedExtra(Check check) {
        Map<String, List<String>> extra = wanted.extra();
        int values = 0;
        for (Map.Entry<String, List<String>> entry : extra.entrySet()) {
            String problem = problem(entry.getKey(), entry.getValue());
            if (!problem.isEmpty()) {
                throw check.refusal("userextras", "", problem);
            }
            values += entry.getValue().size();
        }
        if (Math.max(values, extra.size()) < MANY || !check.may(AUTHENTICATION, "userextras", "*", "*")) {
            check.extra();
        }
    }

    private static String problem(String key, List<String> values) {
        if (key.isEmpty()) {
            return "impersonating the empty string key in extra is not allowed";
        }
        List<String> errors = domainPrefixedPath(key);
        if (!errors.isEmpty()) {
            return "impersonating an invalid key in extra is not allowed: " + FieldError.aggregate(errors);
        }
        if (values.isEmpty()) {
            return "impersonating empty values in extra is not allowed";
        }
        return values.contains("") ? "impersonating the empty string value in extra is not allowed" : "";
    }

    private static List<String> domainPrefixedPath(String key) {
        int slash = key.indexOf('/');
        String shown = FieldError.quoted(key);
        if (slash <= 0 || slash == key.length() - 1) {
            return List.of("extra.key: Invalid value: %s: must be a domain-prefixed path (such as \"acme.io/foo\")"
                    .formatted(shown));
        }
        List<String> errors = new ArrayList<>();
        Names.dns1123Subdomain(key.substring(0, slash))
                .forEach(error -> errors.add("extra.key: Invalid value: %s: %s"
                        .formatted(FieldError.quoted(key.substring(0, slash)), error)));
        if (!key.substring(slash + 1).matches("[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+")) {
            errors.add("extra.key: Invalid value: %s: Invalid path"
                    .formatted(FieldError.quoted(key.substring(slash + 1))));
        }
        return errors;
    }

    // ---- the old way ------------------------------------------------------------------------------------------------

    private User legacy() {
        Check check = new Check(real, "impersonate");
        String[] account = account(wanted.name());
        if (account != null) {
            check.of("", "serviceaccounts", "", account[0], account[1]);
        } else {
            check.of("", "users", "", "", wanted.name());
        }
        check.uid();
        wanted.groups().forEach(group -> check.of("", "groups", "", "", group));
        check.extra();
        return impersonated(groups());
    }

    // ---- both -------------------------------------------------------------------------------------------------------

    private List<String> groups() {
        String[] account = account(wanted.name());
        return account != null && wanted.groups().isEmpty()
                ? List.of("system:serviceaccounts", "system:serviceaccounts:" + account[0])
                : wanted.groups();
    }

    private User impersonated(List<String> given) {
        List<String> groups = new ArrayList<>(given);
        String unauthenticated = User.anonymous().groups().get(0);
        if (wanted.name().equals(User.anonymous().name())) {
            if (!groups.contains(unauthenticated)) {
                groups.add(unauthenticated);
            }
        } else if (!groups.contains(unauthenticated) && !groups.contains(User.AUTHENTICATED)) {
            groups.add(User.AUTHENTICATED);
        }
        return new User(wanted.name(), wanted.uid(), groups, wanted.extra());
    }

    private AccessRequest as(User who, String verb) {
        return new AccessRequest(
                who,
                verb,
                request.group(),
                request.version(),
                request.resource(),
                request.subresource(),
                request.namespace(),
                request.name(),
                request.path());
    }

    /** The namespace and the name of a service account; null if the user is none. */
    private static String @Nullable [] account(String user) {
        if (!user.startsWith("system:serviceaccount:")) {
            return null;
        }
        String[] parts = user.substring("system:serviceaccount:".length()).split(":", -1);
        return parts.length == 2
                        && Names.dns1123Label(parts[0]).isEmpty()
                        && Names.dns1123Subdomain(parts[1]).isEmpty()
                ? parts
                : null;
    }

    /** The name of a node; null if the user is none. */
    private static @Nullable String nodeName(String user) {
        if (!user.startsWith("system:node:")) {
            return null;
        }
        String name = user.substring("system:node:".length());
        return Names.dns1123Subdomain(name).isEmpty() ? name : null;
    }

    /** Asks whether the real user may use one verb on parts of the wanted one. */
    private final class Check {
        private final User who;
        private final String verb;

        Check(User who, String verb) {
            this.who = who;
            this.verb = verb;
        }

        void of(String group, String resource, String subresource, String namespace, String name) {
            authorize.accept(new AccessRequest(who, verb, group, "v1", resource, subresource, namespace, name, ""));
        }

        boolean may(String group, String resource, String subresource, String name) {
            try {
                of(group, resource, subresource, "", name);
                return true;
            } catch (StatusException e) {
                return false;
            }
        }

        void uid() {
            if (!wanted.uid().isEmpty()) {
                of(AUTHENTICATION, "uids", "", "", wanted.uid());
            }
        }

        void extra() {
            wanted.extra()
                    .forEach(
                            (key, values) -> values.forEach(value -> of(AUTHENTICATION, "userextras", key, "", value)));
        }

        StatusException refusal(String resource, String name, String why) {
            AccessRequest access = new AccessRequest(who, verb, AUTHENTICATION, "v1", resource, "", "", name, "");
            return StatusException.forbidden(AUTHENTICATION, resource, name, access.refusal() + ": " + why);
        }
    }
}
