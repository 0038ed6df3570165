package dev.amphora.apiserver.encryption;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableMap;
import dev.amphora.api.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * Which resources are encrypted and by which keys: kube-apiserver's {@code EncryptionConfiguration}, as in
 * {@code --encryption-provider-config}. Immutable; never shows its keys.
 *
 * <p>The first provider of a resource writes, each of them reads. Keys are rotated as there: the new key is added as the second, then
 * becomes the first, and when everything has been written again the old one goes.
 */
public final class EncryptionConfiguration {
    private static final String VERSION = "apiserver.config.k8s.io/v1";
    private static final Set<Integer> AES_SIZES = new TreeSet<>(List.of(16, 24, 32));
    private static final Set<Integer> SECRETBOX_SIZES = Set.of(32);
    private static final String EVERYTHING = "*.*";

    private final Map<String, ResourceCipher> ciphers;

    private EncryptionConfiguration(Map<String, ResourceCipher> ciphers) {
        this.ciphers = ImmutableMap.copyOf(ciphers);
    }

    /**
     * Reads a configuration.
     *
     * @param text YAML or JSON
     * @throws IllegalArgumentException if it is none, or asks for what there isn't: a key management service
     */
    public static EncryptionConfiguration parse(String text) {
        JsonNode tree = read(text);
        if (!tree.path("kind").asText("").equals("EncryptionConfiguration")
                || !tree.path("apiVersion").asText("").equals(VERSION)) {
            throw wrong("it has kind EncryptionConfiguration and apiVersion " + VERSION);
        }
        if (tree.path("resources").isEmpty()) {
            throw wrong("resources: at least one is required");
        }
        Map<String, List<Provider>> providers = new LinkedHashMap<>();
        int index = 0;
        for (JsonNode entry : tree.path("resources")) {
            String at = "resources[" + index++ + "]";
            List<Provider> own = providers(entry.path("providers"), at + ".providers");
            List<String> names = resources(entry.path("resources"), at + ".resources");
            for (String name : names) {
                String masking = masking(providers.keySet(), name);
                if (!masking.isEmpty()) {
                    throw wrong("%s.resources: resource \"%s\" is masked by earlier rule \"%s\""
                            .formatted(at, name, masking));
                }
            }
            names.forEach(name ->
                    providers.computeIfAbsent(name, each -> new ArrayList<>()).addAll(own));
        }
        Map<String, ResourceCipher> ciphers = new LinkedHashMap<>();
        providers.forEach((name, all) -> ciphers.put(name, new ResourceCipher(all)));
        return new EncryptionConfiguration(ciphers);
    }

    private static JsonNode read(String text) {
        try {
            return Json.mapper().valueToTree(new Yaml(new SafeConstructor(new LoaderOptions())).<Object>load(text));
        } catch (YAMLException e) {
            throw wrong("it is YAML: " + e.getMessage());
        }
    }

    private static IllegalArgumentException wrong(String what) {
        return new IllegalArgumentException("the encryption configuration is wrong: " + what);
    }

    /** Which earlier rule already covers all that a name stands for; empty if none does. */
    private static String masking(Set<String> earlier, String name) {
        if (earlier.contains(EVERYTHING)) {
            return EVERYTHING;
        }
        String all = "*." + group(name);
        return !name.equals(all) && !name.equals(EVERYTHING) && earlier.contains(all) ? all : "";
    }

    private static String group(String name) {
        int dot = name.indexOf('.');
        return dot < 0 ? "" : name.substring(dot + 1);
    }

    private static List<String> resources(JsonNode list, String at) {
        List<String> names = new ArrayList<>();
        for (JsonNode each : list) {
            String name = each.asText("");
            checkName(name, at);
            names.add(name.endsWith(".") && !name.startsWith("*") ? name.substring(0, name.length() - 1) : name);
        }
        if (names.isEmpty()) {
            throw wrong(at + ": at least one resource is required");
        }
        for (String name : names) {
            boolean overlaps = names.size() > 1
                    && (name.equals(EVERYTHING)
                            || (name.startsWith("*.")
                                    && names.stream()
                                                    .filter(other ->
                                                            group(other).equals(group(name)))
                                                    .count()
                                            > 1));
            if (overlaps) {
                throw wrong(
                        at + ": using overlapping resources such as 'secrets' and '*.' in the same resource list is not"
                                + " allowed as they will be masked");
            }
        }
        return names;
    }

    private static void checkName(String name, String at) {
        if (name.isEmpty()) {
            throw wrong(at + ": a resource has a name");
        }
        if (name.equals("*")) {
            throw wrong(
                    at + ": use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources");
        }
        if (!name.equals(name.toLowerCase(Locale.ROOT))) {
            throw wrong(at + ": resource name should not contain capital letters");
        }
        if (group(name).equals("events.k8s.io")) {
            throw wrong(at
                    + ": '*.events.k8s.io' objects are stored using the 'events' API group in etcd. Use 'events' instead in"
                    + " the config file");
        }
        if (group(name).equals("extensions")) {
            throw wrong(at + ": 'extensions' group has been removed and cannot be used for encryption");
        }
    }

    private static List<Provider> providers(JsonNode list, String at) {
        List<Provider> providers = new ArrayList<>();
        int index = 0;
        for (JsonNode each : list) {
            String place = at + "[" + index++ + "]";
            if (each.size() != 1) {
                throw wrong(
                        place
                                + (each.isEmpty()
                                        ? ": provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, Secretbox, Identity"
                                        : ": more than one provider specified in a single element, should split into different list elements"));
            }
            String name = each.fieldNames().next();
            JsonNode keys = each.path(name).path("keys");
            switch (name) {
                case "identity" -> providers.add(Provider.IDENTITY);
                case "aesgcm" -> providers.addAll(keys(keys, name, AES_SIZES, AesGcm::new, place));
                case "aescbc" -> providers.addAll(keys(keys, name, AES_SIZES, AesCbc::new, place));
                case "secretbox" ->
                    providers.addAll(keys(keys, name, SECRETBOX_SIZES, EncryptionConfiguration::secretbox, place));
                case "kms" ->
                    throw wrong(
                            place + ": key management services are not supported; aesgcm, aescbc and secretbox are");
                default -> throw wrong(place + ": there is no provider " + name);
            }
        }
        if (providers.isEmpty()) {
            throw wrong(at + ": at least one provider is required");
        }
        return providers;
    }

    private static ValueCipher secretbox(byte[] key) {
        try {
            return new Secretbox(key);
        } catch (NoClassDefFoundError e) {
            throw new IllegalArgumentException("secretbox needs org.bouncycastle:bcprov-jdk18on on the class path", e);
        }
    }

    private static List<Provider> keys(
            JsonNode list, String name, Set<Integer> sizes, Function<byte[], ValueCipher> cipher, String at) {
        List<Provider> providers = new ArrayList<>();
        Set<String> seen = new TreeSet<>();
        for (JsonNode each : list) {
            String key = each.path("name").asText("");
            String place = "%s.%s.keys[%d]".formatted(at, name, providers.size());
            if (key.isEmpty()) {
                throw wrong(place + ".name: name is a required field for a key");
            }
            if (!seen.add(key)) {
                throw wrong(place + ".name: the name " + key + " is given twice");
            }
            byte[] secret = secret(each.path("secret").asText(""), place + ".secret");
            if (!sizes.contains(secret.length)) {
                throw wrong("%s.secret: secret is not of the expected length, got %d, expected one of %s"
                        .formatted(place, secret.length, sizes.toString().replace(",", "")));
            }
            providers.add(new Provider("k8s:enc:%s:v1:%s:".formatted(name, key), cipher.apply(secret)));
        }
        if (providers.isEmpty()) {
            throw wrong("%s.%s: at least one key is required".formatted(at, name));
        }
        return providers;
    }

    private static byte[] secret(String base64, String at) {
        if (base64.isEmpty()) {
            throw wrong(at + ": secret is a required field for a key");
        }
        try {
            return Base64.getDecoder().decode(base64.getBytes(StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            throw wrong(at + ": secrets must be base64 encoded");
        }
    }

    /** What happens to the values of a resource: what is said of it alone, else of its group, else of all. */
    ResourceCipher cipher(String group, String plural) {
        ResourceCipher own = ciphers.get(group.isEmpty() ? plural : plural + "." + group);
        if (own == null) {
            own = ciphers.get("*." + group);
        }
        return own == null ? ciphers.getOrDefault(EVERYTHING, ResourceCipher.NONE) : own;
    }

    /** The resources that it names, never its keys. */
    @Override
    public String toString() {
        return "EncryptionConfiguration" + ciphers.keySet();
    }
}
