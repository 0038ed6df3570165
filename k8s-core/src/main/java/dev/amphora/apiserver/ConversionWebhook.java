package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Suppliers;
import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.schema.JsonSyntax;
import dev.amphora.kernel.Kernel;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import java.util.List;
import java.util.function.Supplier;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * Has the objects of a custom resource converted by whoever its definition names. The caller waits for the answer, at most 30 seconds.
 * The converter may change what it likes but for metadata: of that, labels and annotations alone.
 */
final class ConversionWebhook {
    private static final int PATIENCE_SECONDS = 30;
    private static final String GROUP = "apiextensions.k8s.io/";
    private static final List<String> REVIEWS = List.of("v1", "v1beta1");
    private static final String TYPE_META =
            "struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }";

    private final Kernel kernel;
    private final String url;
    private final String review;
    private final Supplier<SSLSocketFactory> sockets;

    /** Bundles the conversion of a definition, which has the strategy {@code Webhook}. */
    ConversionWebhook(Kernel kernel, JsonNode conversion) {
        this.kernel = kernel;
        JsonNode client = conversion.path("webhook").path("clientConfig");
        JsonNode service = client.path("service");
        String base = client.hasNonNull("url")
                ? client.path("url").asText()
                : "https://%s.%s.svc:%d%s"
                        .formatted(
                                service.path("name").asText(),
                                service.path("namespace").asText(),
                                service.path("port").asInt(443),
                                service.path("path").asText("/"));
        url = base + "?timeout=" + PATIENCE_SECONDS + "s";
        String wanted = "v1";
        for (JsonNode version : conversion.path("webhook").path("conversionReviewVersions")) {
            if (REVIEWS.contains(version.asText())) {
                wanted = version.asText();
                break;
            }
        }
        review = GROUP + wanted;
        String authorities = client.path("caBundle").asText("");
        sockets = Suppliers.memoize(() -> sockets(authorities));
    }

    /** Has an object converted to another version, in place. */
    void convert(ObjectNode object, String version) {
        String from = object.path("apiVersion").asText();
        if (from.equals(version)) {
            return;
        }
        String who = "conversion webhook for %s, Kind=%s "
                .formatted(from, object.path("kind").asText());
        JsonNode resourceVersion = object.path("metadata").get("resourceVersion");
        ObjectNode sent = object.deepCopy();
        Metadata.of(sent).remove("resourceVersion");
        String uid = kernel.newUid();
        JsonNode converted = answer(who, uid, review(uid, version, sent));
        check(who, sent, converted, version);
        ObjectNode metadata = Metadata.of(object).deepCopy();
        for (String field : List.of("labels", "annotations")) {
            JsonNode value = converted.path("metadata").get(field);
            if (value == null || value.isNull()) {
                metadata.remove(field);
            } else {
                metadata.set(field, value);
            }
        }
        object.removeAll();
        object.setAll((ObjectNode) converted.deepCopy());
        object.set("metadata", metadata);
        if (resourceVersion != null) {
            metadata.set("resourceVersion", resourceVersion);
        }
    }

    private ObjectNode review(String uid, String version, ObjectNode object) {
        ObjectNode tree = Json.object().put("kind", "ConversionReview").put("apiVersion", review);
        ObjectNode request = tree.putObject("request").put("uid", uid).put("desiredAPIVersion", version);
        request.putArray("objects").add(object);
        if (review.endsWith("beta1")) {
            ObjectNode response = tree.putObject("response").put("uid", "");
            response.putNull("convertedObjects");
            response.putObject("result").putObject("metadata");
        }
        return tree;
    }

    private JsonNode answer(String who, String uid, ObjectNode tree) {
        byte[] bytes = post(who, Json.write(tree));
        if (JsonSyntax.error(bytes).isPresent() || !Json.read(bytes).isObject()) {
            throw failed(
                    who,
                    "couldn't get version/kind; json parse error: json: cannot unmarshal string into Go value of type "
                            + TYPE_META);
        }
        JsonNode answer = Json.read(bytes);
        String version = answer.path("apiVersion").asText();
        String kind = answer.path("kind").asText();
        if (!kind.equals("ConversionReview")) {
            throw failed(
                    who,
                    "converting (%s.%s) to (%s.ConversionReview): unknown conversion"
                            .formatted(
                                    version.substring(version.indexOf('/') + 1),
                                    kind,
                                    review.substring(GROUP.length())));
        }
        JsonNode response = answer.path("response");
        if (!response.isObject()) {
            throw failed(who, "no response provided");
        }
        if (!response.path("uid").asText("").equals(uid)) {
            throw failed(
                    who,
                    "expected response.uid=%s, got %s"
                            .formatted(
                                    FieldError.quoted(uid),
                                    FieldError.quoted(response.path("uid").asText(""))));
        }
        JsonNode result = response.path("result");
        if (!result.path("status").asText("").equals("Success")) {
            String message = result.path("message").asText("");
            throw failed(who, message.isEmpty() ? "response.result.status was not Success" : message);
        }
        JsonNode objects = response.path("convertedObjects");
        if (objects.size() != 1) {
            throw error(who + "returned %d objects, expected 1".formatted(objects.size()));
        }
        return objects.get(0);
    }

    private static void check(String who, ObjectNode sent, JsonNode converted, String version) {
        String received = converted.path("apiVersion").asText();
        if (!received.equals(version)) {
            throw error(who
                    + "returned invalid object at index 0: invalid groupVersion (expected %s, received %s)"
                            .formatted(version, received));
        }
        String kind = converted.path("kind").asText();
        if (!kind.equals(sent.path("kind").asText())) {
            throw error(who
                    + "returned invalid object at index 0: invalid kind (expected %s, received %s)"
                            .formatted(sent.path("kind").asText(), kind));
        }
        for (List<String> field :
                List.of(List.of("name", "name"), List.of("namespace", "namespace"), List.of("uid", "UID"))) {
            String before = sent.path("metadata").path(field.get(0)).asText("");
            String after = converted.path("metadata").path(field.get(0)).asText("");
            if (!before.equals(after)) {
                throw error(who
                        + "returned invalid object: must have the same %s: %s != %s"
                                .formatted(field.get(1), before, after));
            }
        }
    }

    private byte[] post(String who, byte[] body) {
        try {
            HttpsURLConnection connection =
                    (HttpsURLConnection) URI.create(url).toURL().openConnection();
            connection.setSSLSocketFactory(sockets.get());
            connection.setConnectTimeout(PATIENCE_SECONDS * 1000);
            connection.setReadTimeout(PATIENCE_SECONDS * 1000);
            connection.setInstanceFollowRedirects(false);
            connection.setRequestMethod("POST");
            connection.setRequestProperty("Content-Type", "application/json");
            connection.setRequestProperty("Accept", "application/json, */*");
            connection.setDoOutput(true);
            connection.getOutputStream().write(body);
            int code = connection.getResponseCode();
            if (code / 100 == 2) {
                return read(connection.getInputStream());
            }
            String text = new String(read(connection.getErrorStream()), StandardCharsets.UTF_8).strip();
            throw failed(
                    who,
                    "an error on the server (%s) has prevented the request from succeeding"
                            .formatted(FieldError.quoted(text.isEmpty() ? "unknown" : text)));
        } catch (IOException e) {
            throw failed(who, "Post %s: %s".formatted(FieldError.quoted(url), reason(e)));
        }
    }

    private static byte[] read(@Nullable InputStream stream) throws IOException {
        if (stream == null) {
            return new byte[0];
        }
        try (stream) {
            return stream.readAllBytes();
        }
    }

    private String reason(IOException failure) {
        if (failure instanceof SSLException) {
            return "tls: failed to verify certificate: x509: certificate signed by unknown authority";
        }
        URI uri = URI.create(url);
        return failure instanceof ConnectException
                ? "dial tcp %s:%d: connect: connection refused"
                        .formatted(uri.getHost(), uri.getPort() < 0 ? 443 : uri.getPort())
                : String.valueOf(failure.getMessage());
    }

    private static SSLSocketFactory sockets(String bundle) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            if (bundle.isEmpty()) {
                trust.init((KeyStore) null);
            } else {
                KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
                store.load(null, null);
                int next = 0;
                byte[] pem = Base64.getDecoder().decode(bundle);
                for (Certificate each :
                        CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(pem))) {
                    store.setCertificateEntry("authority" + next++, each);
                }
                trust.init(store);
            }
            context.init(null, trust.getTrustManagers(), null);
            return context.getSocketFactory();
        } catch (GeneralSecurityException | IOException e) {
            throw error("unable to load root certificates: unable to parse bytes as PEM block");
        }
    }

    private static StatusException failed(String who, String why) {
        return error(who + "failed: " + why);
    }

    private static StatusException error(String message) {
        return StatusException.of(500, "", message, null);
    }
}
