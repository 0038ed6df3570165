package dev.amphora.kubelet;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import java.util.function.Supplier;

/** What a kubelet tells of itself over HTTP: {@code /pods} and {@code /healthz}. */
final class KubeletPages {
    private static final String TEXT = "text/plain; charset=utf-8";

    private final Supplier<List<Pod>> pods;

    KubeletPages(Supplier<List<Pod>> pods) {
        this.pods = pods;
    }

    /**
     * An answer.
     *
     * @param status of HTTP
     */
    record Page(int status, String contentType, byte[] body) {
        private static Page text(int status, String text) {
            return new Page(status, TEXT, text.getBytes(UTF_8));
        }
    }

    /**
     * Answers a request.
     *
     * @param path without its query
     */
    Page page(String method, String path) {
        if (!method.equals("GET") && !method.equals("HEAD")) {
            return Page.text(405, "405: Method Not Allowed");
        }
        return switch (path) {
            case "/healthz", "/healthz/ping", "/healthz/log", "/healthz/syncloop" -> Page.text(200, "ok");
            case "/pods", "/pods/" -> new Page(200, "application/json", podList());
            default -> Page.text(404, "404 page not found\n");
        };
    }

    private byte[] podList() {
        ObjectNode list = Json.object();
        list.put("kind", "PodList").put("apiVersion", "v1").putObject("metadata");
        ArrayNode items = list.putArray("items");
        for (Pod pod : pods.get()) {
            ObjectNode item = Json.toTree(pod);
            item.remove(List.of("kind", "apiVersion"));
            items.add(item);
        }
        return Json.write(list);
    }
}
