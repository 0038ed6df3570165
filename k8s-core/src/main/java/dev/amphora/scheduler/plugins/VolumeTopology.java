package dev.amphora.scheduler.plugins;

import io.fabric8.kubernetes.api.model.NodeSelector;
import io.fabric8.kubernetes.api.model.NodeSelectorBuilder;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirementBuilder;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.NodeSelectorTermBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Where volumes are, by their labels and by the nodes they require. */
final class VolumeTopology {
    static final String LEGACY_PREFIX = "failure-domain.beta.kubernetes.io/";
    static final String PREFIX = "topology.kubernetes.io/";
    static final String ZONE = PREFIX + "zone";
    static final String REGION = PREFIX + "region";
    static final String LEGACY_ZONE = LEGACY_PREFIX + "zone";
    static final String LEGACY_REGION = LEGACY_PREFIX + "region";

    /** What is between the zones of a volume that is in several. */
    static final String SEPARATOR = "__";

    private VolumeTopology() {}

    /** The nodes that a volume requires; null if it requires none. */
    static @Nullable NodeSelector required(PersistentVolume volume) {
        return Claims.spec(volume).getNodeAffinity() == null
                ? null
                : Claims.spec(volume).getNodeAffinity().getRequired();
    }

    /**
     * The nodes that a volume requires where a CSI driver serves it: zones go by the driver's own label, and if none is required, by those
     * in the volume's labels; a region goes by the label of today.
     *
     * @param zoneKey the driver's label
     * @return what the volume requires anyway if that comes to the same
     */
    static @Nullable NodeSelector requiredBy(PersistentVolume volume, String zoneKey) {
        NodeSelector required = required(volume);
        List<NodeSelectorTerm> terms = required == null ? List.of() : required.getNodeSelectorTerms();
        boolean legacy = isLegacy(terms, Claims.labels(volume));
        String zone = legacy ? LEGACY_ZONE : ZONE;
        List<NodeSelectorTerm> translated = hasValues(terms, zone)
                ? renamed(terms, zone, zoneKey)
                : within(zones(Claims.labels(volume).get(zone)), terms, zoneKey);
        if (legacy && hasValues(terms, LEGACY_REGION)) {
            translated = renamed(translated, LEGACY_REGION, REGION);
        }
        return translated.equals(terms)
                ? required
                : new NodeSelectorBuilder().withNodeSelectorTerms(translated).build();
    }

    /** Whether a volume's zone goes by the label of long ago; what it requires counts for more than its labels. */
    private static boolean isLegacy(List<NodeSelectorTerm> terms, Map<String, String> labels) {
        if (names(terms, ZONE) || names(terms, LEGACY_ZONE)) {
            return !names(terms, ZONE);
        }
        return !labels.containsKey(ZONE) && labels.containsKey(LEGACY_ZONE);
    }

    private static boolean names(List<NodeSelectorTerm> terms, String key) {
        return terms.stream()
                .flatMap(term -> term.getMatchExpressions().stream())
                .anyMatch(each -> key.equals(each.getKey()));
    }

    private static boolean hasValues(List<NodeSelectorTerm> terms, String key) {
        return terms.stream()
                .flatMap(term -> term.getMatchExpressions().stream())
                .anyMatch(each -> key.equals(each.getKey())
                        && each.getValues() != null
                        && !each.getValues().isEmpty());
    }

    private static List<NodeSelectorTerm> renamed(List<NodeSelectorTerm> terms, String from, String to) {
        List<NodeSelectorTerm> renamed = new ArrayList<>();
        for (NodeSelectorTerm term : terms) {
            List<NodeSelectorRequirement> expressions = new ArrayList<>();
            for (NodeSelectorRequirement each : term.getMatchExpressions()) {
                expressions.add(
                        from.equals(each.getKey())
                                ? new NodeSelectorRequirementBuilder(each)
                                        .withKey(to)
                                        .build()
                                : each);
            }
            renamed.add(new NodeSelectorTermBuilder(term)
                    .withMatchExpressions(expressions)
                    .build());
        }
        return renamed;
    }

    private static Set<String> zones(@Nullable String label) {
        Set<String> zones = new TreeSet<>();
        for (String zone : Claims.text(label).split(SEPARATOR, -1)) {
            if (!zone.isBlank()) {
                zones.add(zone.strip());
            }
        }
        return zones;
    }

    /** The terms, each within some zones as well. */
    private static List<NodeSelectorTerm> within(Set<String> zones, List<NodeSelectorTerm> terms, String zoneKey) {
        if (zones.isEmpty()) {
            return terms;
        }
        NodeSelectorRequirement inZones = new NodeSelectorRequirementBuilder()
                .withKey(zoneKey)
                .withOperator("In")
                .addAllToValues(zones)
                .build();
        List<NodeSelectorTerm> within = new ArrayList<>();
        for (NodeSelectorTerm term : terms.isEmpty() ? List.of(new NodeSelectorTerm()) : terms) {
            within.add(new NodeSelectorTermBuilder(term)
                    .addToMatchExpressions(inZones)
                    .build());
        }
        return within;
    }
}
