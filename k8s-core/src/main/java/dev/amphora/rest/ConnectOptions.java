package dev.amphora.rest;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.ApiRequest;
import java.util.List;
import java.util.Map;

/** What a query asks of a connection, as the object that admission plugins see. */
final class ConnectOptions {
    private static final List<String> FLAGS = List.of("stdin", "stdout", "stderr", "tty");

    private ConnectOptions() {}

    /** The kind of a connection's options. */
    static String kind(ApiRequest request) {
        return switch (request.subresource()) {
            case "exec" -> "PodExecOptions";
            case "attach" -> "PodAttachOptions";
            case "portforward" -> "PodPortForwardOptions";
            default ->
                switch (request.resource()) {
                    case "pods" -> "PodProxyOptions";
                    case "services" -> "ServiceProxyOptions";
                    default -> "NodeProxyOptions";
                };
        };
    }

    /**
     * The options.
     *
     * @param path at the other end of a proxy
     */
    static ObjectNode of(ApiRequest request, Map<String, List<String>> query, String path) {
        ObjectNode options = Json.object();
        options.put("kind", kind(request)).put("apiVersion", "v1");
        switch (request.subresource()) {
            case "exec", "attach" -> command(options, request, query);
            case "portforward" -> {
                List<String> ports = query.getOrDefault("ports", List.of());
                if (!ports.isEmpty()) {
                    ArrayNode numbers = options.putArray("ports");
                    ports.stream()
                            .flatMap(each -> List.of(each.split(",", -1)).stream())
                            .filter(each -> each.matches("[0-9]{1,5}"))
                            .forEach(each -> numbers.add(Integer.parseInt(each)));
                }
            }
            default -> {
                if (!path.isEmpty()) {
                    options.put("path", path);
                }
            }
        }
        return options;
    }

    private static void command(ObjectNode options, ApiRequest request, Map<String, List<String>> query) {
        for (String flag : FLAGS) {
            if (flag(query, flag)) {
                options.put(flag, true);
            }
        }
        String container = query.getOrDefault("container", List.of("")).get(0);
        if (!container.isEmpty()) {
            options.put("container", container);
        }
        List<String> words = query.getOrDefault("command", List.of());
        if (request.subresource().equals("exec") && !words.isEmpty()) {
            ArrayNode command = options.putArray("command");
            words.forEach(command::add);
        }
    }

    /** Any value but {@code false} and {@code 0} means yes, none at all among them. */
    static boolean flag(Map<String, List<String>> query, String name) {
        String value = query.getOrDefault(name, List.of("")).get(0);
        return query.containsKey(name) && !value.equalsIgnoreCase("false") && !value.equals("0");
    }
}
