package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.google.common.collect.ImmutableMap;
import dev.amphora.api.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * What single plugins are told beyond being there: kube-apiserver's {@code AdmissionConfiguration}, as in
 * {@code --admission-control-config-file}. PodSecurity takes levels and exemptions, ResourceQuota what may be had by quota only. Immutable.
 */
public final class AdmissionConfiguration {
    private static final String VERSION = "apiserver.config.k8s.io/v1";
    private static final Set<String> READERS = Set.of("PodSecurity", "ResourceQuota");
    private static final AdmissionConfiguration NONE = new AdmissionConfiguration(Map.of());

    private final Map<String, JsonNode> plugins;

    private AdmissionConfiguration(Map<String, JsonNode> plugins) {
        this.plugins = ImmutableMap.copyOf(plugins);
    }

    /** Nothing is said. */
    public static AdmissionConfiguration none() {
        return NONE;
    }

    /**
     * Reads a configuration.
     *
     * @param text YAML or JSON
     * @param files reads a file that a plugin's {@code path} names
     * @throws IllegalArgumentException if it is none, or for a plugin that takes none
     */
    public static AdmissionConfiguration parse(String text, UnaryOperator<String> files) {
        JsonNode tree = read(text);
        if (!tree.path("kind").asText("").equals("AdmissionConfiguration")
                || !tree.path("apiVersion").asText("").startsWith("apiserver.config.k8s.io/")) {
            throw wrong("it has kind AdmissionConfiguration and apiVersion " + VERSION);
        }
        Map<String, JsonNode> plugins = new LinkedHashMap<>();
        for (JsonNode each : tree.path("plugins")) {
            String name = each.path("name").asText("");
            AdmissionPlugins.requireKnown(List.of(name));
            if (!READERS.contains(name)) {
                throw wrong("the admission plugin " + name + " takes none");
            }
            JsonNode own = each.path("configuration").isObject()
                    ? each.path("configuration")
                    : read(files.apply(each.path("path").asText("")));
            check(name, own);
            plugins.put(name, own);
        }
        return new AdmissionConfiguration(plugins);
    }

    private static void check(String name, JsonNode own) {
        String kind = name.equals("PodSecurity") ? "PodSecurityConfiguration" : "ResourceQuotaConfiguration";
        if (!own.path("kind").asText("").equals(kind)) {
            throw wrong("%s: it has kind %s".formatted(name, kind));
        }
        Set<String> modes = new TreeSet<>(List.of("enforce", "audit", "warn"));
        for (String mode : modes) {
            String level = own.path("defaults").path(mode).asText("privileged");
            if (!PodLevel.LEVELS.contains(level)) {
                throw wrong("%s: defaults.%s: \"%s\" is none of %s"
                        .formatted(name, mode, level, String.join(", ", PodLevel.LEVELS)));
            }
        }
    }

    /** What a plugin is told; missing if nothing. */
    JsonNode of(String plugin) {
        return plugins.getOrDefault(plugin, MissingNode.getInstance());
    }

    private static JsonNode read(String text) {
        try {
            return Json.mapper().valueToTree(new Yaml(new SafeConstructor(new LoaderOptions())).<Object>load(text));
        } catch (YAMLException e) {
            throw wrong("it is YAML: " + e.getMessage());
        }
    }

    private static IllegalArgumentException wrong(String what) {
        return new IllegalArgumentException("the admission configuration is wrong: " + what);
    }
}
