package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.io.ByteStreams;
import dev.amphora.api.Json;
import dev.amphora.store.Store;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/**
 * Objects that every cluster has, kept in the form in which they are stored but for their uid and time: they are written without being
 * read. Those that are there already are {@linkplain BootstrapPolicy reconciled}.
 *
 * <p>The resource is gzipped text, a line for each object: group, plural, namespace, name, and the JSON, separated by tabs. In the JSON one
 * control character stands for the uid, another for the time.
 */
final class PreparedObjects {
    private static final String RESOURCE = "bootstrap-policy.gz";
    private static final byte UID = 1;
    private static final byte TIME = 2;

    private final ApiServer server;
    private final byte[] time;
    private final Map<Endpoint, Map<String, Store.Entry>> present = new HashMap<>();
    /** What is missing in a store that is far away, to be written at once. */
    private final Map<String, byte[]> later = new LinkedHashMap<>();

    PreparedObjects(ApiServer server) {
        this.server = server;
        time = bytes(Metadata.time(server.kernel().instant()));
    }

    /** Makes what is missing and mends what is there. */
    void make() {
        byte[] text = read();
        int begin = 0;
        Store store = null;
        while (begin < text.length) {
            int group = find(text, begin, '\t');
            int plural = find(text, group + 1, '\t');
            int namespace = find(text, plural + 1, '\t');
            int name = find(text, namespace + 1, '\t');
            int end = find(text, name + 1, '\n');
            Endpoint endpoint = server.storedEndpoint(text(text, begin, group), text(text, group + 1, plural));
            if (endpoint != null) {
                store = endpoint.store();
                String key = endpoint.key(text(text, plural + 1, namespace), text(text, namespace + 1, name));
                make(endpoint, key, text, name + 1, end);
            }
            begin = end + 1;
        }
        if (!later.isEmpty() && store != null) {
            store.putAbsent(later);
        }
    }

    private void make(Endpoint endpoint, String key, byte[] text, int begin, int end) {
        Store.Entry entry =
                present.computeIfAbsent(endpoint, PreparedObjects::present).get(key);
        if (entry == null) {
            byte[] value = filled(text, begin, end);
            if (endpoint.store().mayWait()) {
                later.put(key, value);
                return;
            }
            Store.Swap swap = endpoint.store().put(key, value, 0);
            if (swap.succeeded()) {
                server.wrote(endpoint, key, value, swap.revision());
                return;
            }
            entry = swap.entry();
        }
        if (entry != null) {
            ObjectNode wanted = (ObjectNode) Json.read(filled(text, begin, end));
            server.mend(endpoint, endpoint.cache().object(entry), found -> BootstrapPolicy.reconcile(found, wanted));
        }
    }

    private static Map<String, Store.Entry> present(Endpoint endpoint) {
        Map<String, Store.Entry> present = new HashMap<>();
        endpoint.store()
                .range(endpoint.cache().prefix(), null, 0, 0)
                .entries()
                .forEach(entry -> present.put(entry.key(), entry));
        return present;
    }

    private byte[] filled(byte[] text, int begin, int end) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(end - begin + 2 * time.length + 36);
        int from = begin;
        for (int i = begin; i < end; i++) {
            if (text[i] == UID || text[i] == TIME) {
                out.write(text, from, i - from);
                out.writeBytes(text[i] == UID ? bytes(server.kernel().newUid()) : time);
                from = i + 1;
            }
        }
        out.write(text, from, end - from);
        return out.toByteArray();
    }

    private static byte[] read() {
        try (InputStream in = PreparedObjects.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IllegalStateException(RESOURCE + " is missing from the class path");
            }
            return ByteStreams.toByteArray(new GZIPInputStream(in, 1 << 14));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int find(byte[] text, int from, char wanted) {
        int at = from;
        while (at < text.length && text[at] != wanted) {
            at++;
        }
        return at;
    }

    private static String text(byte[] text, int begin, int end) {
        return new String(text, begin, end - begin, StandardCharsets.UTF_8);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
