package dev.amphora.runtime.fake;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** HTTP/1.1 on the server's side, cut to what a small handler needs: no chunked requests, no upgrades. */
final class HttpWire {
    private static final int MAX_LINE = 8192;
    private static final int MAX_BODY = 1 << 20;

    private HttpWire() {}

    /** Serves requests until the connection ends or asks to be closed. */
    static void serve(InputStream in, OutputStream out, HttpHandler handler) throws IOException {
        while (true) {
            String requestLine = line(in);
            if (requestLine == null) {
                return;
            }
            Map<String, String> headers = new LinkedHashMap<>();
            for (String header = line(in); header != null && !header.isEmpty(); header = line(in)) {
                int colon = header.indexOf(':');
                if (colon > 0) {
                    headers.put(
                            header.substring(0, colon).trim().toLowerCase(Locale.ROOT),
                            header.substring(colon + 1).trim());
                }
            }
            String[] words = requestLine.split(" ");
            if (words.length != 3) {
                write(out, HttpHandler.Reply.text(400, "bad request\n"), true, false);
                return;
            }
            byte[] body = new byte[0];
            String length = headers.get("content-length");
            if (length != null) {
                body = in.readNBytes(Math.min(MAX_BODY, Integer.parseInt(length)));
            }
            boolean last = "close".equalsIgnoreCase(headers.get("connection")) || words[2].equals("HTTP/1.0");
            HttpHandler.Reply reply;
            try {
                reply = handler.answer(new HttpHandler.Request(words[0], words[1], headers, body));
            } catch (RuntimeException e) {
                reply = HttpHandler.Reply.text(500, String.valueOf(e.getMessage()));
            }
            write(out, reply, last, words[0].equals("HEAD"));
            if (last) {
                return;
            }
        }
    }

    private static void write(OutputStream out, HttpHandler.Reply reply, boolean last, boolean headOnly)
            throws IOException {
        String head =
                "HTTP/1.1 " + reply.status() + " \r\nContent-Type: " + reply.contentType() + "\r\nContent-Length: "
                        + reply.body().length + "\r\n" + (last ? "Connection: close\r\n" : "") + "\r\n";
        out.write(head.getBytes(ISO_8859_1));
        if (!headOnly) {
            out.write(reply.body());
        }
        out.flush();
    }

    private static @Nullable String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream(64);
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                return line.size() == 0 ? null : line.toString(ISO_8859_1);
            }
            if (line.size() >= MAX_LINE) {
                throw new IOException("a line is too long");
            }
            if (next != '\r') {
                line.write(next);
            }
        }
        return line.toString(ISO_8859_1);
    }
}
