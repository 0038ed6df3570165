package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/** Steps about the connection itself: TLS and its protocols, versions of HTTP, WebSockets. */
final class SocketSteps {
    private static final Duration SILENCE = Duration.ofSeconds(10);
    private static final Duration SHORT_SILENCE = Duration.ofSeconds(1);
    private static final int CONNECTING = 5000;
    private static final int MOST_FRAMES = 10;
    private static final Pattern VERSION = Pattern.compile("VERSION (\\S+)");
    private static final Pattern OBJECT = Pattern.compile("\\{.*\\}", Pattern.DOTALL);
    private static final Map<Integer, String> OPCODES =
            Map.of(0, "continuation", 1, "text", 2, "binary", 8, "close", 9, "ping", 10, "pong");

    private SocketSteps() {}

    private static URI uri(Server server) {
        return server.transport() instanceof HttpTransport http
                ? http.server()
                : URI.create("https://" + server.transport().authority());
    }

    /** Which protocol the server selects of those that are offered. */
    static List<String> tls(Server server, JsonNode want, Bindings bindings) {
        URI uri = uri(server);
        List<String> offered = Trees.texts(want.path("offered"));
        ObjectNode got = Trees.object();
        got.set("offered", want.path("offered"));
        try (Socket plain = new Socket()) {
            plain.connect(new InetSocketAddress(uri.getHost(), uri.getPort()), CONNECTING);
            SSLSocket socket = Wire.secured(plain, "localhost", uri.getPort());
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setApplicationProtocols(offered.toArray(String[]::new));
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            String selected = socket.getApplicationProtocol();
            got.put("selected", selected == null || selected.isEmpty() ? null : selected);
            got.put("version", socket.getSession().getProtocol());
        } catch (IOException e) {
            got.put("error", e.getClass().getSimpleName());
        }
        return Comparison.of(want, got, bindings, "tls");
    }

    /** What the server says to those who don't speak TLS. */
    static List<String> plainHttp(Server server, String want, Bindings bindings) {
        URI uri = uri(server);
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(uri.getHost(), uri.getPort()), CONNECTING);
            socket.setSoTimeout(CONNECTING);
            socket.getOutputStream().write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            byte[] bytes = socket.getInputStream().readAllBytes();
            return Comparison.of(want, new String(bytes, StandardCharsets.UTF_8), bindings, "plain HTTP");
        } catch (IOException e) {
            return List.of("plain HTTP: " + e);
        }
    }

    /** The same request under several versions of HTTP, by the curl command. */
    static List<String> curl(Server server, JsonNode step, AnswerCheck check, Bindings bindings) {
        URI uri = uri(server);
        List<String> command = new ArrayList<>(List.of(
                "curl",
                "-sk",
                "-D",
                "-",
                "-o",
                "/dev/null",
                "-w",
                "VERSION %{http_version}",
                "-H",
                "Authorization: Bearer " + server.token()));
        List<String> client = List.of(step.path("client").asText().split("\\s+", -1));
        command.addAll(client.subList(1, client.size()));
        command.add(uri.resolve(Trees.at(step, "request", "path").asText()).toString());
        String printed;
        try {
            printed = Commands.run(command.toArray(String[]::new)).stdout().replace("\r", "");
        } catch (IOException e) {
            throw new SkipException("needs the curl command");
        }
        List<String> lines = List.of(printed.split("\n", -1));
        Matcher version = VERSION.matcher(printed);
        JsonNode want = step.get("response");
        List<String> out = new ArrayList<>();
        out.addAll(Comparison.of(want.path("statusLine").asText(), lines.get(0), bindings, "status line"));
        out.addAll(Comparison.of(
                want.path("httpVersion").asText(), version.find() ? version.group(1) : "", bindings, "version"));
        out.addAll(check.headerDifferences(want, headers(lines.subList(1, lines.size())), bindings));
        return out;
    }

    private static Map<String, List<String>> headers(List<String> lines) {
        Map<String, List<String>> headers = new LinkedHashMap<>();
        for (String line : lines) {
            int colon = line.indexOf(": ");
            if (colon > 0) {
                headers.computeIfAbsent(line.substring(0, colon).toLowerCase(Locale.ROOT), name -> new ArrayList<>())
                        .add(line.substring(colon + 2));
            }
        }
        return headers;
    }

    /** A WebSocket handshake and what follows. */
    static List<String> webSocket(Server server, JsonNode spec, JsonNode step, Bindings bindings) {
        try (Wire wire = Wire.connect(uri(server), SILENCE)) {
            wire.send(handshake(server, spec));
            Wire.Head head = wire.head();
            List<String> out = new ArrayList<>(
                    Comparison.of(step.path("statusLine").asText(), head.statusLine(), bindings, "status line"));
            AnswerCheck check = new AnswerCheck("reads", true, Set.of());
            out.addAll(check.headerDifferences(step, head.headers(), bindings));
            if (step.has("items")) {
                JsonNode want = step.get("items");
                JsonNode got = frames(wire);
                Shapes.sortManagedFields(want);
                Shapes.sortManagedFields(got);
                out.addAll(Comparison.of(want, got, bindings, "frames"));
            } else {
                Response rest = new Response(200, Map.of(), rest(wire, head));
                out.addAll(check.differences(step.get("response"), rest, bindings));
            }
            String prefix = "webSocket " + spec.path("path").asText() + ": ";
            return out.stream().map(each -> prefix + each).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Transport.Request handshake(Server server, JsonNode spec) {
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        headers.put("Upgrade", "websocket");
        headers.put("Connection", "Upgrade");
        headers.put("Sec-WebSocket-Version", "13");
        headers.put("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        headers.put("Authorization", "Bearer " + server.token());
        if (spec.has("protocols")) {
            headers.put("Sec-WebSocket-Protocol", spec.get("protocols").asText());
        }
        Trees.members(spec.path("headers"))
                .forEach(
                        header -> headers.put(header.getKey(), header.getValue().asText()));
        return new Transport.Request("GET", spec.path("path").asText(), List.copyOf(headers.entrySet()), null);
    }

    private static ArrayNode frames(Wire wire) {
        ArrayNode frames = Trees.array();
        try {
            while (frames.size() < MOST_FRAMES) {
                ObjectNode frame = frame(wire);
                frames.add(frame);
                if (frame.path("opcode").asText().equals("close")) {
                    break;
                }
            }
        } catch (EOFException e) {
            frames.addObject().put("end", "connection closed by the server");
        } catch (SocketTimeoutException e) {
            frames.addObject().put("end", "still open");
        } catch (IOException e) {
            frames.addObject().put("end", e.getClass().getSimpleName());
        }
        return frames;
    }

    private static ObjectNode frame(Wire wire) throws IOException {
        byte[] head = exactly(wire, 2);
        int opcode = head[0] & 15;
        long length = head[1] & 127;
        if (length > 125) {
            length = 0;
            for (byte b : exactly(wire, (head[1] & 127) == 126 ? 2 : 8)) {
                length = length << 8 | (b & 255);
            }
        }
        byte[] payload = exactly(wire, (int) length);
        ObjectNode frame = Trees.object();
        frame.put("opcode", OPCODES.getOrDefault(opcode, Integer.toString(opcode)));
        frame.put("fin", (head[0] & 128) != 0);
        if (opcode == 8) {
            if (payload.length < 2) {
                frame.putNull("payload");
            } else {
                String reason = new String(payload, 2, payload.length - 2, StandardCharsets.UTF_8);
                frame.putObject("payload")
                        .put("code", (payload[0] & 255) << 8 | (payload[1] & 255))
                        .put("reason", reason);
            }
        } else if (opcode == 2) {
            byte[] prefix = Arrays.copyOf(payload, Math.min(4, payload.length));
            frame.put("payloadPrefixHex", HexFormat.of().formatHex(prefix));
        } else {
            frame.set("payload", Trees.parse(new String(payload, StandardCharsets.UTF_8)));
        }
        return frame;
    }

    private static byte[] exactly(Wire wire, int length) throws IOException {
        byte[] bytes = wire.read(length);
        if (bytes.length < length) {
            throw new EOFException();
        }
        return bytes;
    }

    /** What a refused handshake says. */
    private static byte[] rest(Wire wire, Wire.Head head) throws IOException {
        wire.silence(SHORT_SILENCE);
        byte[] bytes = wire.readAllAtHand();
        boolean json = head.headers().getOrDefault("content-type", List.of()).contains("application/json");
        Matcher object = OBJECT.matcher(new String(bytes, StandardCharsets.UTF_8));
        return json && object.find() ? object.group().getBytes(StandardCharsets.UTF_8) : bytes;
    }
}
