package dev.amphora.apiserver.audit;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableList;
import dev.amphora.apiserver.access.AccessRequest;
import java.util.List;
import java.util.Set;

/** One rule of a policy: which requests it is about, and how much is told of them. What it doesn't name it doesn't ask about. */
record AuditRule(
        AuditLevel level,
        List<String> users,
        List<String> groups,
        List<String> verbs,
        List<Resources> resources,
        List<String> namespaces,
        List<String> paths,
        Set<AuditStage> omitted,
        boolean omitsManagedFields) {
    private static final String ANY = "*";

    /** Resources of one group. */
    record Resources(String group, List<String> resources, List<String> names) {
        boolean match(AccessRequest request) {
            if (!group.equals(request.group())) {
                return false;
            }
            if (!names.isEmpty() && !names.contains(request.name())) {
                return false;
            }
            if (resources.isEmpty()) {
                return true;
            }
            for (String each : resources) {
                if (matches(each, request)) {
                    return true;
                }
            }
            return false;
        }

        private static boolean matches(String pattern, AccessRequest request) {
            int slash = pattern.indexOf('/');
            if (slash < 0) {
                return pattern.equals(ANY)
                        || pattern.equals(request.resource())
                                && request.subresource().isEmpty();
            }
            String resource = pattern.substring(0, slash);
            String subresource = pattern.substring(slash + 1);
            return (resource.equals(ANY) || resource.equals(request.resource()))
                    && (subresource.equals(ANY) || subresource.equals(request.subresource()));
        }
    }

    /** About every request. */
    static AuditRule of(AuditLevel level) {
        return new AuditRule(level, List.of(), List.of(), List.of(), List.of(), List.of(), List.of(), Set.of(), false);
    }

    /**
     * Reads a rule.
     *
     * @param where it stands, for messages
     * @param bare whether managed fields are left out unless the rule says otherwise
     */
    static AuditRule of(JsonNode tree, String where, boolean bare) {
        AuditLevel level = AuditLevel.of(tree.path("level").asText())
                .orElseThrow(() -> new IllegalArgumentException(
                        where + ": there is no level " + tree.path("level").asText()));
        ImmutableList.Builder<Resources> resources = ImmutableList.builder();
        tree.path("resources")
                .forEach(each -> resources.add(new Resources(
                        each.path("group").asText(), texts(each, "resources"), texts(each, "resourceNames"))));
        return new AuditRule(
                level,
                texts(tree, "users"),
                texts(tree, "userGroups"),
                texts(tree, "verbs"),
                resources.build(),
                texts(tree, "namespaces"),
                texts(tree, "nonResourceURLs"),
                AuditPolicy.stages(tree.path("omitStages"), where + ".omitStages"),
                tree.path("omitManagedFields").asBoolean(bare));
    }

    boolean matches(AccessRequest request) {
        if (!users.isEmpty() && !users.contains(request.user().name())) {
            return false;
        }
        if (!groups.isEmpty() && request.user().groups().stream().noneMatch(groups::contains)) {
            return false;
        }
        if (!verbs.isEmpty() && !verbs.contains(request.verb())) {
            return false;
        }
        if (!namespaces.isEmpty() || !resources.isEmpty()) {
            return request.isResource()
                    && (namespaces.isEmpty() || namespaces.contains(request.namespace()))
                    && (resources.isEmpty() || resources.stream().anyMatch(each -> each.match(request)));
        }
        return paths.isEmpty() || !request.isResource() && paths.stream().anyMatch(path -> fits(path, request.path()));
    }

    private static boolean fits(String pattern, String path) {
        return pattern.equals(ANY)
                || pattern.equals(path)
                || pattern.endsWith(ANY) && path.startsWith(pattern.substring(0, pattern.length() - 1));
    }

    private static ImmutableList<String> texts(JsonNode tree, String member) {
        ImmutableList.Builder<String> texts = ImmutableList.builder();
        tree.path(member).forEach(each -> texts.add(each.asText()));
        return texts.build();
    }
}
