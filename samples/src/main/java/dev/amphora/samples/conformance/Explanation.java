package dev.amphora.samples.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The output of {@code kubectl explain} with descriptions replaced by a placeholder; those of a custom resource of the scenario itself
 * stay.
 */
final class Explanation {
    private static final Pattern FIELD = Pattern.compile("( +)\\S+\\t<.*>(?: -required-)?");
    private static final Pattern SECTION = Pattern.compile("[A-Z]+:.*");

    private final List<String> lines;
    private final String manifests;
    private final boolean custom;
    private final List<String> out = new ArrayList<>();

    Explanation(List<String> lines, String manifests) {
        this.lines = lines;
        this.manifests = manifests;
        String group = lines.stream()
                .filter(line -> line.startsWith("GROUP:"))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElse("");
        this.custom = !group.isEmpty() && manifests.contains("group: " + group);
    }

    List<String> withoutDescriptions() {
        String section = "";
        int at = 0;
        while (at < lines.size()) {
            String line = lines.get(at++);
            out.add(line);
            int end;
            Matcher field = FIELD.matcher(line);
            if (SECTION.matcher(line).matches()) {
                section = line;
                if (!section.equals("DESCRIPTION:")) {
                    continue;
                }
                end = at;
                while (end < lines.size() && !lines.get(end).equals("FIELDS:")) {
                    end++;
                }
            } else if (section.equals("FIELDS:") && field.matches()) {
                if (at < lines.size() && lines.get(at).startsWith(field.group(1) + "enum: ")) {
                    out.add(lines.get(at++));
                }
                end = at;
                while (end < lines.size() && !FIELD.matcher(lines.get(end)).matches()) {
                    end++;
                }
            } else {
                continue;
            }
            List<String> block = lines.subList(at, end);
            if (block.stream().anyMatch(each -> !each.isBlank())) {
                mask(block);
                at = end;
            }
        }
        return out;
    }

    private void mask(List<String> block) {
        int length = block.size();
        while (length > 0 && block.get(length - 1).isBlank()) {
            length--;
        }
        String text = String.join(" ", block.subList(0, length)).strip().replaceAll("\\s+", " ");
        boolean own = custom && (text.equals("<no description>") || text.equals("<empty>") || manifests.contains(text));
        if (own) {
            out.addAll(block);
            return;
        }
        String first = block.get(0);
        out.add(first.substring(0, first.length() - first.stripLeading().length()) + "${description}");
        out.addAll(block.subList(length, block.size()));
    }
}
