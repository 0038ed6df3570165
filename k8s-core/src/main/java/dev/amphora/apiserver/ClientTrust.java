package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The ConfigMap by which other API servers know whom to believe: the authorities of clients, and of the front proxy that tells them who
 * asks. Authorities that were there before stay, since other instances or earlier runs may have put them there.
 */
final class ClientTrust implements LateObjects.Source {
    static final String PLURAL = "configmaps";
    static final String NAMESPACE = "kube-system";
    private static final String NAME = "extension-apiserver-authentication";
    private static final String MANAGER = "kube-apiserver";
    private static final Pattern CERTIFICATE =
            Pattern.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\\R?", Pattern.DOTALL);

    private final OwnRequests own;
    private final Supplier<Map<String, String>> data;
    private volatile boolean written;

    ClientTrust(OwnRequests own, Supplier<Map<String, String>> data) {
        this.own = own;
        this.data = data;
    }

    @Override
    public boolean isDue() {
        return !written;
    }

    @Override
    public void write() {
        written = true;
        ObjectNode found = own.find("", PLURAL, NAMESPACE, NAME).orElse(null);
        ObjectNode wanted = found == null ? Json.object() : found.deepCopy();
        ObjectNode texts = wanted.withObjectProperty("data");
        new TreeMap<>(data.get())
                .forEach((key, text) ->
                        texts.put(key, merged(key, texts.path(key).asText(), text)));
        if (found == null) {
            wanted.putObject("metadata").put("name", NAME).put("namespace", NAMESPACE);
            own.plant(MANAGER, "", "v1", PLURAL, wanted, null);
        } else if (!wanted.equals(found)) {
            own.update(MANAGER, "", "v1", PLURAL, wanted);
        }
    }

    /** Authorities and names add up, each once. */
    private static String merged(String key, String before, String now) {
        if (before.isEmpty()) {
            return now;
        }
        if (key.endsWith("client-ca-file")) {
            Set<String> certificates = new LinkedHashSet<>(certificates(before));
            certificates.addAll(certificates(now));
            return String.join("", certificates);
        }
        Set<String> names = new LinkedHashSet<>(names(before));
        names.addAll(names(now));
        return list(names);
    }

    private static String list(Iterable<String> names) {
        ArrayNode list = Json.mapper().createArrayNode();
        names.forEach(list::add);
        return list.toString();
    }

    private static List<String> names(String text) {
        List<String> names = new ArrayList<>();
        Json.read(text.getBytes(StandardCharsets.UTF_8)).forEach(name -> names.add(name.asText()));
        return names;
    }

    private static List<String> certificates(String pem) {
        List<String> found = new ArrayList<>();
        Matcher each = CERTIFICATE.matcher(pem);
        while (each.find()) {
            found.add(each.group().strip() + "\n");
        }
        return found;
    }
}
