package dev.amphora.runtime.docker;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.amphora.stream.SocketLink;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * Requests whose connection the engine turns into a stream of bytes. The client library has these too, but cannot end the input of what
 * runs and go on reading its output.
 */
final class Hijack {
    private static final int LONGEST_HEAD = 16 << 10;
    private static final int DEFAULT_PORT = 2375;

    private final SocketAddress engine;
    private final String prefix;

    /**
     * Requests to an engine.
     *
     * @param host such as {@code unix:///var/run/docker.sock}
     * @param version of the engine's API, such as {@code 1.44}
     * @throws EngineException if it is reached by TLS
     */
    Hijack(URI host, String version) {
        prefix = "/v" + version;
        if ("unix".equals(host.getScheme())) {
            engine = UnixDomainSocketAddress.of(host.getPath());
        } else if ("tcp".equals(host.getScheme()) || "http".equals(host.getScheme())) {
            engine = new InetSocketAddress(host.getHost(), host.getPort() < 0 ? DEFAULT_PORT : host.getPort());
        } else {
            throw new EngineException(
                    "commands with streams need an engine at a unix or tcp address, not " + host, null);
        }
    }

    /**
     * Sends a request and reads the head of its answer. Blocks.
     *
     * @param path with its query
     * @param json the body, empty for none
     * @return the connection, at the beginning of its bytes
     * @throws EngineException if the engine refuses
     */
    SocketChannel post(String path, String json) throws IOException {
        SocketChannel channel = SocketLink.open(engine);
        try {
            byte[] body = json.getBytes(UTF_8);
            String head = "POST " + prefix + path
                    + " HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\n"
                    + "Content-Length: " + body.length + "\r\n\r\n";
            ByteArrayOutputStream request = new ByteArrayOutputStream();
            request.writeBytes(head.getBytes(ISO_8859_1));
            request.writeBytes(body);
            ByteBuffer out = ByteBuffer.wrap(request.toByteArray());
            while (out.hasRemaining()) {
                channel.write(out);
            }
            String answer = head(channel);
            String[] words = answer.split(" ", 3);
            if (words.length < 2 || !(words[1].equals("101") || words[1].equals("200"))) {
                throw new EngineException(refusal(channel, answer), null);
            }
            return channel;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** Byte by byte, for what follows belongs to the stream. */
    private static String head(SocketChannel channel) throws IOException {
        ByteBuffer one = ByteBuffer.allocate(1);
        StringBuilder head = new StringBuilder();
        while (head.length() < LONGEST_HEAD && channel.read(one.clear()) > 0) {
            head.append((char) (one.flip().get() & 0xff));
            if (head.length() >= 4 && head.substring(head.length() - 4).equals("\r\n\r\n")) {
                return head.toString();
            }
        }
        throw new IOException("the engine gave no answer");
    }

    private static String refusal(SocketChannel channel, String head) throws IOException {
        ByteBuffer body = ByteBuffer.allocate(LONGEST_HEAD);
        channel.read(body);
        String text = new String(body.array(), 0, body.position(), UTF_8);
        String message = text.replaceAll("(?s).*\"message\":\"((?:[^\"\\\\]|\\\\.)*)\".*", "$1");
        return message.equals(text) ? head.lines().findFirst().orElse("no answer") : message.replace("\\\"", "\"");
    }
}
