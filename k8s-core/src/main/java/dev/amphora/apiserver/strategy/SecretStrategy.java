package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.setDefault;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** Secrets. */
final class SecretStrategy extends KindStrategy {
    private static final int LARGEST = 1024 * 1024;
    private static final String REDACTED = "<secret contents redacted>";

    @Override
    public void setDefaults(ObjectNode object) {
        if (object.get("stringData") instanceof ObjectNode plain) {
            ObjectNode data = Strategies.child(object, "data");
            for (Map.Entry<String, JsonNode> entry : plain.properties()) {
                byte[] bytes = entry.getValue().asText("").getBytes(StandardCharsets.UTF_8);
                data.put(entry.getKey(), Base64.getEncoder().encodeToString(bytes));
            }
            object.remove("stringData");
        }
        setDefault(object, "type", "Opaque");
    }

    /** An update without a type keeps the old one. */
    @Override
    public void prepareForUpdate(ObjectNode object, ObjectNode old) {
        Strategies.setGeneration(object, old, false);
        if (object.path("type").asText("").isEmpty()) {
            Strategies.keep(object, old, "type");
        }
    }

    /** A key pair that can't be read is kept all the same. */
    @Override
    public List<String> warnings(ObjectNode object) {
        if (!object.path("type").asText("").equals("kubernetes.io/tls")) {
            return List.of();
        }
        for (String part : List.of("certificate", "key")) {
            String data = object.path("data")
                    .path(part.equals("key") ? "tls.key" : "tls.crt")
                    .asText("");
            if (!Certificates.hasBlocks(Certificates.text(data))) {
                return List.of("tls: failed to find any PEM data in %s input".formatted(part));
            }
        }
        return List.of();
    }

    @Override
    void rules(Fields secret) {
        long size = 0;
        Fields data = secret.at("data");
        for (String key : data.keys()) {
            data.key(key).check(key, Names::configKey);
            size += ConfigMapStrategy.decodedLength(data.key(key).text());
        }
        if (size > LARGEST) {
            secret.add(List.of(FieldError.tooLong("data", LARGEST)));
        }
        switch (secret.at("type").text()) {
            case "kubernetes.io/service-account-token" -> {
                Fields annotation = secret.at("metadata", "annotations").key("kubernetes.io/service-account.name");
                if (annotation.isEmpty()) {
                    annotation.required();
                }
            }
            case "kubernetes.io/dockercfg" -> json(data, ".dockercfg");
            case "kubernetes.io/dockerconfigjson" -> json(data, ".dockerconfigjson");
            case "kubernetes.io/basic-auth" -> {
                if (!data.value().has("username") && !data.value().has("password")) {
                    data.key("username").required();
                    data.key("password").required();
                }
            }
            case "kubernetes.io/ssh-auth" -> {
                if (data.key("ssh-privatekey").isEmpty()) {
                    data.key("ssh-privatekey").required();
                }
            }
            case "kubernetes.io/tls" -> {
                for (String key : List.of("tls.crt", "tls.key")) {
                    if (!data.value().has(key)) {
                        data.key(key).required();
                    }
                }
            }
            default -> {}
        }
    }

    private static void json(Fields data, String key) {
        Fields entry = data.key(key);
        if (!data.value().has(key)) {
            entry.required();
            return;
        }
        String problem = problem(new String(Base64.getMimeDecoder().decode(entry.text()), StandardCharsets.UTF_8));
        if (!problem.isEmpty()) {
            entry.invalid(REDACTED, problem);
        }
    }

    /** Why a text is not one JSON object; empty if it is. */
    private static String problem(String text) {
        if (text.isBlank()) {
            return "unexpected end of JSON input";
        }
        try (JsonParser parser = Json.mapper().getFactory().createParser(text)) {
            JsonNode tree = Json.mapper().readTree(parser);
            String rest = text.substring((int) parser.currentLocation().getCharOffset())
                    .strip();
            if (!rest.isEmpty()) {
                return "invalid character '%s' after top-level value".formatted(rest.substring(0, 1));
            }
            return tree.isObject()
                    ? ""
                    : "json: cannot unmarshal %s into Go value of type map[string]interface {}"
                            .formatted(tree.isTextual() ? "string" : tree.isArray() ? "array" : "number");
        } catch (JsonEOFException e) {
            return "unexpected end of JSON input";
        } catch (IOException e) {
            String start = text.strip();
            return start.startsWith("-") && start.length() > 1
                    ? "invalid character '%s' in numeric literal".formatted(start.substring(1, 2))
                    : "invalid character '%s' looking for beginning of value".formatted(start.substring(0, 1));
        }
    }

    @Override
    void updateRules(Fields secret, ObjectNode old) {
        metadataUpdate(secret, old);
        secret.at("type").immutable(old.path("type"));
        ConfigMapStrategy.sealed(secret, old, "data");
        metadata(secret);
        rules(secret);
    }

    @Override
    public Map<String, String> selectableFields(ObjectNode object) {
        return ImmutableMap.of("type", object.path("type").asText(""));
    }
}
