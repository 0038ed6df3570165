package dev.amphora.apiserver.flow;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableList;
import dev.amphora.apiserver.access.AccessRequest;
import dev.amphora.apiserver.access.User;
import java.util.List;

/** One rule of a flow schema: whose requests for what it is about. */
final class SubjectRule {
    private static final String ANY = "*";
    private static final String ACCOUNTS = "system:serviceaccount:";

    private final ImmutableList<Subject> subjects;
    private final ImmutableList<Resources> resources;
    private final ImmutableList<Paths> paths;

    private SubjectRule(JsonNode rule) {
        ImmutableList.Builder<Subject> who = ImmutableList.builder();
        rule.path("subjects").forEach(each -> who.add(subject(each)));
        subjects = who.build();
        ImmutableList.Builder<Resources> what = ImmutableList.builder();
        rule.path("resourceRules")
                .forEach(each -> what.add(new Resources(
                        texts(each, "verbs"),
                        texts(each, "apiGroups"),
                        texts(each, "resources"),
                        each.path("clusterScope").asBoolean(),
                        texts(each, "namespaces"))));
        resources = what.build();
        ImmutableList.Builder<Paths> where = ImmutableList.builder();
        rule.path("nonResourceRules")
                .forEach(each -> where.add(new Paths(texts(each, "verbs"), texts(each, "nonResourceURLs"))));
        paths = where.build();
    }

    static ImmutableList<SubjectRule> all(JsonNode rules) {
        ImmutableList.Builder<SubjectRule> all = ImmutableList.builder();
        rules.forEach(rule -> all.add(new SubjectRule(rule)));
        return all.build();
    }

    boolean matches(AccessRequest request) {
        if (!isAbout(request.user())) {
            return false;
        }
        if (request.isResource()) {
            for (Resources each : resources) {
                if (each.match(request)) {
                    return true;
                }
            }
            return false;
        }
        for (Paths each : paths) {
            if (each.match(request)) {
                return true;
            }
        }
        return false;
    }

    private boolean isAbout(User user) {
        for (Subject subject : subjects) {
            if (subject.is(user)) {
                return true;
            }
        }
        return false;
    }

    @FunctionalInterface
    private interface Subject {
        boolean is(User user);
    }

    private static Subject subject(JsonNode tree) {
        switch (tree.path("kind").asText()) {
            case "User":
                String user = tree.path("user").path("name").asText();
                return user.equals(ANY) ? who -> true : who -> who.name().equals(user);
            case "Group":
                String group = tree.path("group").path("name").asText();
                return group.equals(ANY) ? who -> true : who -> who.in(group);
            default:
                String home =
                        ACCOUNTS + tree.path("serviceAccount").path("namespace").asText() + ":";
                String account = tree.path("serviceAccount").path("name").asText();
                return account.equals(ANY)
                        ? who -> who.name().startsWith(home)
                        : who -> who.name().equals(home + account);
        }
    }

    private record Resources(
            List<String> verbs,
            List<String> groups,
            List<String> resources,
            boolean clusterScope,
            List<String> namespaces) {
        boolean match(AccessRequest request) {
            return has(verbs, request.verb())
                    && has(groups, request.group())
                    && has(resources, request.resourceWithSubresource())
                    && (request.namespace().isEmpty() ? clusterScope : has(namespaces, request.namespace()));
        }
    }

    private record Paths(List<String> verbs, List<String> paths) {
        boolean match(AccessRequest request) {
            if (!has(verbs, request.verb())) {
                return false;
            }
            for (String path : paths) {
                boolean fits = path.equals(ANY)
                        || path.equals(request.path())
                        || path.endsWith("/*") && request.path().startsWith(path.substring(0, path.length() - 1));
                if (fits) {
                    return true;
                }
            }
            return false;
        }
    }

    private static boolean has(List<String> list, String text) {
        return list.contains(text) || list.contains(ANY);
    }

    private static ImmutableList<String> texts(JsonNode tree, String member) {
        ImmutableList.Builder<String> texts = ImmutableList.builder();
        tree.path(member).forEach(each -> texts.add(each.asText()));
        return texts.build();
    }
}
