package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How much pods may do, by a version of the rules.
 *
 * @param level {@code privileged}, {@code baseline} or {@code restricted}
 * @param version {@code latest} or such as {@code v1.25}
 */
record PodLevel(String level, String version) {
    static final String LATEST = "latest";
    static final List<String> LEVELS = List.of("privileged", "baseline", "restricted");

    private static final PodLevel ANYTHING = new PodLevel("privileged", LATEST);
    private static final Pattern VERSION = Pattern.compile("v1\\.(0|[1-9]\\d{0,8})");
    private static final String PREFIX = "pod-security.kubernetes.io/";

    /** What a namespace says: the levels that are enforced, that the audit log is told of, and that are warned of. */
    record Policy(PodLevel enforce, PodLevel audit, PodLevel warn) {
        /** Whether nothing is asked of pods. */
        boolean isOpen() {
            return enforce.isPrivileged() && audit.isPrivileged() && warn.isPrivileged();
        }
    }

    /**
     * What a namespace's labels say. A level that nobody knows is the strictest where it is enforced, none where it is warned of.
     *
     * @param defaults what counts without a label: {@code enforce}, {@code enforce-version} and so on
     */
    static Policy of(JsonNode labels, JsonNode defaults) {
        PodLevel enforce = of(labels, defaults, "enforce", "restricted");
        return new Policy(
                enforce, atLeast(enforce, labels, defaults, "audit"), atLeast(enforce, labels, defaults, "warn"));
    }

    /** A level that is not said is no lower than one that is enforced by a label. */
    private static PodLevel atLeast(PodLevel enforce, JsonNode labels, JsonNode defaults, String mode) {
        PodLevel level = of(labels, defaults, mode, "privileged");
        boolean follows = labels.has(PREFIX + "enforce") && !labels.has(PREFIX + mode);
        return follows && enforce.compareTo(level) > 0 ? enforce : level;
    }

    private static PodLevel of(JsonNode labels, JsonNode defaults, String mode, String unknown) {
        String level = labels.path(PREFIX + mode).asText(defaults.path(mode).asText(ANYTHING.level));
        String version = labels.path(PREFIX + mode + "-version")
                .asText(defaults.path(mode + "-version").asText(LATEST));
        return new PodLevel(
                LEVELS.contains(level) ? level : unknown,
                VERSION.matcher(version).matches() ? version : LATEST);
    }

    boolean isPrivileged() {
        return level.equals("privileged");
    }

    boolean isRestricted() {
        return level.equals("restricted");
    }

    /** Positive if it is stricter than another. */
    int compareTo(PodLevel other) {
        return LEVELS.indexOf(level) - LEVELS.indexOf(other.level);
    }

    /** Whether the rules are those of a minor version or of a later one. */
    boolean isSince(int minor) {
        Matcher matcher = VERSION.matcher(version);
        return !matcher.matches() || Integer.parseInt(matcher.group(1)) >= minor;
    }

    /** {@code baseline:latest}. */
    @Override
    public String toString() {
        return level + ":" + version;
    }
}
