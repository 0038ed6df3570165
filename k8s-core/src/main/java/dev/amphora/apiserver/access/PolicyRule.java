package dev.amphora.apiserver.access;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableList;
import dev.amphora.api.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A rule of a Role or ClusterRole. Immutable.
 *
 * @param verbs what may be done; {@code *} for all
 * @param groups the API groups; {@code *} for all
 * @param resources such as {@code pods} and {@code pods/log}; {@code *} for all, <code>*&#47;scale</code> for one subresource of all
 * @param names of the objects; empty for all
 * @param paths that name no resource; a star at the end stands for anything
 */
record PolicyRule(
        List<String> verbs, List<String> groups, List<String> resources, List<String> names, List<String> paths) {
    private static final String ALL = "*";

    /** A rule whose members cannot change. */
    PolicyRule {
        verbs = ImmutableList.copyOf(verbs);
        groups = ImmutableList.copyOf(groups);
        resources = ImmutableList.copyOf(resources);
        names = ImmutableList.copyOf(names);
        paths = ImmutableList.copyOf(paths);
    }

    /** The rule that a tree describes. */
    static PolicyRule of(JsonNode rule) {
        return new PolicyRule(
                texts(rule.path("verbs")),
                texts(rule.path("apiGroups")),
                texts(rule.path("resources")),
                texts(rule.path("resourceNames")),
                texts(rule.path("nonResourceURLs")));
    }

    /** The rules of a list; none if it is missing or null. */
    static List<PolicyRule> all(JsonNode rules) {
        List<PolicyRule> all = new ArrayList<>(rules.size());
        rules.forEach(rule -> all.add(of(rule)));
        return ImmutableList.copyOf(all);
    }

    /** Whether it lets a request pass. */
    boolean allows(AccessRequest request) {
        if (!has(verbs, request.verb())) {
            return false;
        }
        if (!request.isResource()) {
            return paths.stream().anyMatch(path -> pathCovers(path, request.path()));
        }
        return has(groups, request.group())
                && allowsResource(request)
                && (names.isEmpty() || names.contains(request.name()));
    }

    /** Whether it lets a request for a resource pass if the object has the right name. */
    boolean allowsOne(AccessRequest request) {
        return has(verbs, request.verb()) && has(groups, request.group()) && allowsResource(request);
    }

    private boolean allowsResource(AccessRequest request) {
        return has(resources, request.resourceWithSubresource())
                || (!request.subresource().isEmpty() && resources.contains("*/" + request.subresource()));
    }

    /** Whether it lets everything pass that another rule does. */
    boolean covers(PolicyRule other) {
        return covers(verbs, other.verbs)
                && covers(groups, other.groups)
                && coversResources(other.resources)
                && other.paths.stream().allMatch(path -> paths.stream().anyMatch(own -> pathCovers(own, path)))
                && (names.isEmpty() || (!other.names.isEmpty() && names.containsAll(other.names)));
    }

    private boolean coversResources(List<String> others) {
        if (covers(resources, others)) {
            return true;
        }
        for (String other : others) {
            int slash = other.indexOf('/');
            if (!resources.contains(other) && (slash < 0 || !resources.contains(ALL + other.substring(slash)))) {
                return false;
            }
        }
        return true;
    }

    private static boolean covers(List<String> own, List<String> others) {
        return own.contains(ALL) || own.containsAll(others);
    }

    private static boolean pathCovers(String own, String other) {
        if (own.equals(other) || own.equals(ALL)) {
            return true;
        }
        int end = own.length();
        while (end > 0 && own.charAt(end - 1) == '*') {
            end--;
        }
        return end < own.length() && other.startsWith(own.substring(0, end));
    }

    /** The same as rules of one verb, one group and one resource, or of one verb and one path. */
    List<PolicyRule> parts() {
        List<PolicyRule> parts = new ArrayList<>();
        for (String group : groups) {
            for (String resource : resources) {
                for (String verb : verbs) {
                    if (names.isEmpty()) {
                        parts.add(
                                new PolicyRule(List.of(verb), List.of(group), List.of(resource), List.of(), List.of()));
                    }
                    for (String name : names) {
                        parts.add(new PolicyRule(
                                List.of(verb), List.of(group), List.of(resource), List.of(name), List.of()));
                    }
                }
            }
        }
        for (String path : paths) {
            for (String verb : verbs) {
                parts.add(new PolicyRule(List.of(verb), List.of(), List.of(), List.of(), List.of(path)));
            }
        }
        return parts;
    }

    /** As messages show it: {@code {APIGroups:["apps"], Resources:["deployments"], Verbs:["get" "list"]}}. */
    String text() {
        List<String> members = new ArrayList<>();
        member(members, "APIGroups", groups);
        member(members, "Resources", resources);
        member(members, "NonResourceURLs", paths);
        member(members, "ResourceNames", names);
        member(members, "Verbs", verbs);
        return "{" + String.join(", ", members) + "}";
    }

    private static void member(List<String> members, String name, List<String> values) {
        if (!values.isEmpty()) {
            members.add(name + ":" + quoted(values));
        }
    }

    /** Texts as messages list them: {@code ["a" "b"]}. */
    static String quoted(List<String> values) {
        return values.stream().map(Json::quote).collect(Collectors.joining(" ", "[", "]"));
    }

    private static List<String> texts(JsonNode list) {
        List<String> texts = new ArrayList<>(list.size());
        list.forEach(each -> texts.add(each.asText()));
        return texts;
    }

    private static boolean has(List<String> list, String value) {
        return list.contains(value) || list.contains(ALL);
    }
}
