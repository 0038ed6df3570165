package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Objects that cases refer to: made once, removed at the end. */
final class SharedObjects {
    private final Server server;
    private final Cleaner cleaner;
    private final Set<String> known = new HashSet<>();

    SharedObjects(Session session) {
        this.server = session.server();
        this.cleaner = session.newCleaner();
    }

    /**
     * Makes an object unless this has made it before.
     *
     * @param namespace where to, if it doesn't say
     * @throws IllegalStateException if it is refused
     */
    void make(JsonNode object, @Nullable String namespace) {
        String collection = server.collectionOf(object, namespace);
        String path = collection + "/" + Trees.at(object, "metadata", "name").asText();
        if (!known.add(path)) {
            return;
        }
        Response made = server.post(collection, object);
        if (made.status() == 409) {
            cleaner.remove(path);
            made = server.post(collection, object);
        }
        cleaner.add(path);
        if (made.status() != 201) {
            throw new IllegalStateException(path + ": " + made.status() + " " + made.brief());
        }
    }

    /** Makes a namespace with the service account that pods need. */
    void makeNamespace(String name, JsonNode labels) {
        ObjectNode namespace = Trees.object().put("apiVersion", "v1").put("kind", "Namespace");
        namespace.putObject("metadata").put("name", name).set("labels", labels.isObject() ? labels : Trees.object());
        make(namespace, null);
        String accounts = "/api/v1/namespaces/" + name + "/serviceaccounts";
        if (known.add(accounts)) {
            ObjectNode account = Trees.object().put("apiVersion", "v1").put("kind", "ServiceAccount");
            account.putObject("metadata").put("name", "default");
            server.post(accounts, account);
        }
    }

    void remove() {
        cleaner.clean();
    }
}
