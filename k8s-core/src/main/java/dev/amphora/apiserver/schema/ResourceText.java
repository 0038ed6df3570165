package dev.amphora.apiserver.schema;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import dev.amphora.apiserver.schema.ResourceInfo.Subresource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads one resource of the generated catalogue; {@code src/catalogue/generate.py} says how it is written. */
final class ResourceText {
    private static final String LETTERS = "cdDglpuw";
    private static final ImmutableList<String> VERBS =
            ImmutableList.of("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch");

    private ResourceText() {}

    static ResourceInfo parse(String text) {
        List<String> parts = Splitter.on(' ').splitToList(text);
        String group = orEmpty(parts.get(0));
        String version = parts.get(1);
        List<Subresource> subresources = new ArrayList<>();
        for (String subresource : list(parts.get(10))) {
            List<String> facts = Splitter.on(':').splitToList(subresource);
            boolean foreign = facts.size() > 3;
            subresources.add(new Subresource(
                    facts.get(0),
                    foreign ? facts.get(3) : group,
                    foreign ? facts.get(4) : version,
                    facts.get(1),
                    verbs(facts.get(2))));
        }
        return new ResourceInfo(
                group,
                version,
                parts.get(3),
                parts.get(2),
                orEmpty(parts.get(4)),
                parts.get(5).equals("Namespaced"),
                verbs(parts.get(6)),
                list(parts.get(7)),
                list(parts.get(8)),
                subresources,
                Optional.of(parts.get(9)).filter(hash -> !hash.equals("-")));
    }

    private static String orEmpty(String text) {
        return text.equals("-") ? "" : text;
    }

    private static List<String> list(String text) {
        return text.equals("-") ? ImmutableList.of() : Splitter.on(',').splitToList(text);
    }

    private static List<String> verbs(String letters) {
        List<String> verbs = new ArrayList<>(letters.length());
        for (int i = 0; i < letters.length(); i++) {
            verbs.add(VERBS.get(LETTERS.indexOf(letters.charAt(i))));
        }
        return verbs;
    }
}
