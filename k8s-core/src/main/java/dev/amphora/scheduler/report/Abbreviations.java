package dev.amphora.scheduler.report;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Short names for columns: the capitals of each name, numbered where they are the same. */
final class Abbreviations {
    private Abbreviations() {}

    static List<String> of(List<String> names) {
        Set<String> taken = new LinkedHashSet<>();
        for (String name : names) {
            String capitals = name.replaceAll("[^A-Z]", "");
            String shortened = capitals.isEmpty() ? name.substring(0, Math.min(4, name.length())) : capitals;
            String own = shortened;
            for (int i = 2; !taken.add(own); i++) {
                own = shortened + i;
            }
        }
        return new ArrayList<>(taken);
    }
}
