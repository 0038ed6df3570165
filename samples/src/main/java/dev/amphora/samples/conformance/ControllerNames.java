package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The placeholders of a recording, from values and back. */
final class ControllerNames {
    private static final String OTHER_UID = "00000000-0000-4000-8000-000000000001";
    private static final Pattern UID = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
    private static final Pattern NOW = Pattern.compile("\\$\\{now([+-]\\d+)?\\}");
    private static final Pattern UID_OF = Pattern.compile("\\$\\{uid:((?:[^${}]|\\$\\{[^}]*\\})*)\\}");
    private static final Pattern MINUTES = Pattern.compile("(?<!\\d)\\d{8}(?!\\d)");
    private static final Pattern TIME =
            Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d)");
    private static final Pattern TIMES_OF_MINUTES = Pattern.compile("\\$\\{min:(\\d+)\\}");
    private static final String SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp";
    private static final Pattern REFUSED_SET = Pattern.compile("new replica set \"[^\"]*-([a-z0-9]+)\"");
    private static final int SUFFIX = 5;
    private static final long MINUTE = 60;
    private static final int MANY_MINUTES = 100_000;

    private final ControllerBed bed;
    private final List<Instant> starts = new ArrayList<>();
    private final Map<String, String> keysByUid = new LinkedHashMap<>();
    private final Map<String, Integer> templates = new LinkedHashMap<>();
    private final Map<String, Integer> revisions = new LinkedHashMap<>();
    private final Map<String, String> generated = new LinkedHashMap<>();
    private long firstMinute = -1;

    ControllerNames(ControllerBed bed) {
        this.bed = bed;
    }

    /** A step begins. */
    void begin(Instant start) {
        starts.add(start);
    }

    /** Takes names from an object that was seen. */
    void learn(ControllerBed.Change change) {
        ObjectNode object = change.newest();
        String kind = change.kind();
        JsonNode metadata = object.path("metadata");
        String name = metadata.path("name").asText();
        if (kind.equals("Event") || metadata.path("uid").asText().isEmpty()) {
            return;
        }
        String namespace = metadata.path("namespace").asText();
        boolean own = namespace.isEmpty() || namespace.equals(ControllerBed.NAMESPACE);
        keysByUid.put(metadata.path("uid").asText(), (own ? "" : namespace + "/") + kind + "/" + name);
        String base = metadata.path("generateName").asText();
        if (!base.isEmpty() && name.startsWith(base) && name.length() == base.length() + SUFFIX) {
            generated.putIfAbsent(name, base + "${gen}");
        }
        String template = Trees.at(metadata, "labels", "pod-template-hash").asText();
        if (kind.equals("ReplicaSet") && name.endsWith("-" + template) && !template.isEmpty()) {
            templates.putIfAbsent(template, templates.size() + 1);
        }
        for (JsonNode condition : Trees.at(object, "status", "conditions")) {
            Matcher refused = REFUSED_SET.matcher(condition.path("message").asText());
            if (kind.equals("Deployment") && refused.find()) {
                templates.putIfAbsent(refused.group(1), templates.size() + 1);
            }
        }
        if (kind.equals("ControllerRevision")) {
            revisions.putIfAbsent(name.substring(name.lastIndexOf('-') + 1), revisions.size() + 1);
        }
        Matcher minute = Pattern.compile("-(\\d{8})$").matcher(name);
        if (kind.equals("Job") && minute.find() && firstMinute < 0) {
            firstMinute = Long.parseLong(minute.group(1));
        }
    }

    /** A tree with placeholders in the place of values. */
    ObjectNode canonical(ObjectNode tree) {
        ObjectNode out = (ObjectNode) Trees.map(tree, this::canonical, text -> TextNode.valueOf(canonical(text)));
        schedule(tree.path("status"), out.path("status"), "lastScheduleTime");
        schedule(tree.path("annotations"), out.path("annotations"), SCHEDULED);
        return out;
    }

    /** What was scheduled tells its minute, not the step in which it was. */
    private void schedule(JsonNode from, JsonNode to, String member) {
        if (from.path(member).isTextual() && to instanceof ObjectNode object) {
            object.put(member, scheduled(from.path(member).asText()));
        }
    }

    String canonical(String text) {
        if (TIME.matcher(text).matches()) {
            return time(text);
        }
        String out = UID.matcher(text).replaceAll(found -> Matcher.quoteReplacement(uid(found.group())));
        for (Map.Entry<String, String> each : generated.entrySet()) {
            out = out.replace(each.getKey(), each.getValue());
        }
        out = numbered(out, templates, "${hash:");
        out = numbered(out, revisions, "${rev:");
        if (firstMinute >= 0) {
            out = MINUTES.matcher(out).replaceAll(this::minute);
        }
        return out.replace(ControllerBed.NAMESPACE, "${ns}");
    }

    private String uid(String uid) {
        String key = keysByUid.get(uid);
        return key == null ? "${uid:other}" : "${uid:" + key + "}";
    }

    private static String numbered(String text, Map<String, Integer> numbers, String prefix) {
        String out = text;
        for (Map.Entry<String, Integer> each : numbers.entrySet()) {
            out = out.replaceAll(
                    "(?<![a-z0-9])" + each.getKey() + "(?![a-z0-9])",
                    Matcher.quoteReplacement(prefix + each.getValue() + "}"));
        }
        return out;
    }

    private String minute(MatchResult digits) {
        long since = Long.parseLong(digits.group()) - firstMinute;
        return Matcher.quoteReplacement(since >= 0 && since < MANY_MINUTES ? "${min:" + since + "}" : digits.group());
    }

    private String time(String text) {
        OffsetDateTime time;
        try {
            time = OffsetDateTime.parse(text);
        } catch (DateTimeParseException e) {
            return text;
        }
        Instant at = time.toInstant();
        if (at.isAfter(bed.kernel().instant())) {
            return "${t:after}";
        }
        int step = -1;
        for (int i = 0; i < starts.size(); i++) {
            if (!at.isBefore(starts.get(i).truncatedTo(ChronoUnit.SECONDS))) {
                step = i;
            }
        }
        return step < 0 ? "${t:before}" : "${t:" + step + "}";
    }

    private String scheduled(String text) {
        OffsetDateTime time = OffsetDateTime.parse(text);
        long minute = Math.floorDiv(time.toEpochSecond(), MINUTE);
        String zone = text.endsWith("Z") ? "" : text.substring(text.length() - "+00:00".length());
        return firstMinute < 0 || minute < firstMinute
                ? canonical(text)
                : "${min:" + (minute - firstMinute) + "}" + zone;
    }

    /** A stimulus with values in the place of placeholders. */
    JsonNode resolved(JsonNode stimulus) {
        String text = stimulus.toString().replace("${ns}", ControllerBed.NAMESPACE);
        text = NOW.matcher(text).replaceAll(found -> bed.kernel()
                .instant()
                .truncatedTo(ChronoUnit.SECONDS)
                .plusSeconds(found.group(1) == null ? 0 : Long.parseLong(found.group(1)))
                .toString());
        for (Map.Entry<String, Integer> each : templates.entrySet()) {
            text = text.replace("${hash:" + each.getValue() + "}", each.getKey());
        }
        for (Map.Entry<String, Integer> each : revisions.entrySet()) {
            text = text.replace("${rev:" + each.getValue() + "}", each.getKey());
        }
        text = UID_OF.matcher(text).replaceAll(found -> uidOf(found.group(1)));
        if (text.contains("${min:") && firstMinute < 0) {
            firstMinute = Math.floorDiv(bed.kernel().instant().getEpochSecond(), MINUTE) + 1;
        }
        text = TIMES_OF_MINUTES
                .matcher(text)
                .replaceAll(found -> Long.toString(firstMinute + Long.parseLong(found.group(1))));
        return Trees.read(text);
    }

    /** The uid of an object that a reference names, or of the last one that was so named. */
    private String uidOf(String reference) {
        String[] parts = reference.split("/", -1);
        if (parts.length >= 2) {
            int kind = parts.length - 2;
            String namespace = parts.length == 3 ? parts[0] : ControllerBed.NAMESPACE;
            String name = nameOf(parts[kind], namespace, parts[kind + 1]);
            ObjectNode found = bed.find(parts[kind], namespace, name);
            if (found != null) {
                return Trees.at(found, "metadata", "uid").asText();
            }
        }
        String last = OTHER_UID;
        for (Map.Entry<String, String> each : keysByUid.entrySet()) {
            if (each.getValue().equals(reference)) {
                last = each.getKey();
            }
        }
        return last;
    }

    /** The name of the only object of a form such as {@code web-${gen}}; other names as they are. */
    String nameOf(String kind, String namespace, String form) {
        if (!form.contains("${gen}")) {
            return form;
        }
        Pattern pattern = Pattern.compile(Pattern.quote(form).replace("${gen}", "\\E[a-z0-9]{5}\\Q"));
        return bed.list(kind).stream()
                .filter(object ->
                        Trees.at(object, "metadata", "namespace").asText().equals(namespace))
                .map(object -> Trees.at(object, "metadata", "name").asText())
                .filter(name -> pattern.matcher(name).matches())
                .findFirst()
                .orElse(form);
    }

    /** Whether a pod has a name or a form of names. */
    boolean isNamed(String name, String form) {
        return form.contains("${gen}")
                ? Pattern.compile(Pattern.quote(form).replace("${gen}", "\\E[a-z0-9]{5}\\Q"))
                        .matcher(name)
                        .matches()
                : name.equals(form);
    }
}
