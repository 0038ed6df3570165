package dev.amphora.samples;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * One connection to a server that this program has started, spoken to in the least of HTTP/1.1, so that the load takes little of the
 * machine that it is made on.
 */
final class HttpsConnection implements AutoCloseable {
    private static final String LENGTH = "content-length:";

    private final SSLSocket socket;
    private final InputStream in;
    /** What has come and has not been looked at yet. */
    private final byte[] buffer = new byte[1 << 16];

    private int begin;
    private int end;
    private final OutputStream output;
    private final String host;

    HttpsConnection(URI server) throws IOException, GeneralSecurityException {
        socket = (SSLSocket)
                HttpsWatchers.trusting().getSocketFactory().createSocket(server.getHost(), server.getPort());
        socket.setTcpNoDelay(true);
        in = socket.getInputStream();
        output = socket.getOutputStream();
        host = server.getHost() + ":" + server.getPort();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    /** Posts a body and waits for the answer, which must be good. */
    void post(String path, byte[] body) throws IOException {
        byte[] head = ("POST " + path + " HTTP/1.1\r\nHost: " + host + "\r\nAuthorization: Bearer " + HttpsBench.TOKEN
                        + "\r\nContent-Type: application/json\r\nContent-Length: " + body.length + "\r\n\r\n")
                .getBytes(StandardCharsets.ISO_8859_1);
        byte[] whole = new byte[head.length + body.length];
        System.arraycopy(head, 0, whole, 0, head.length);
        System.arraycopy(body, 0, whole, head.length, body.length);
        output.write(whole);
        long length = answer("POST " + path);
        if (length >= 0) {
            skip(length);
        } else {
            while (chunk() != null) {
                // the answer itself is not looked at
            }
        }
    }

    /** Begins to read what goes on without an end; {@link #chunk} gives its pieces. */
    void stream(String path) throws IOException {
        output.write(("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nAuthorization: Bearer " + HttpsBench.TOKEN
                        + "\r\n\r\n")
                .getBytes(StandardCharsets.ISO_8859_1));
        answer("GET " + path);
    }

    /** Reads status and headers: the length of the body, -1 if it comes in chunks. */
    private long answer(String request) throws IOException {
        String status = line();
        long length = -1;
        for (String header = line(); !header.isEmpty(); header = line()) {
            if (header.regionMatches(true, 0, LENGTH, 0, LENGTH.length())) {
                length = Long.parseLong(header.substring(LENGTH.length()).trim());
            }
        }
        if (status.length() < 10 || status.charAt(9) != '2') {
            throw new IOException(request + ": " + status);
        }
        return length;
    }

    /** The next piece of a body that comes in chunks, null after the last. */
    byte @Nullable [] chunk() throws IOException {
        int size = Integer.parseInt(line(), 16);
        byte[] data = new byte[size];
        for (int got = 0; got < size; ) {
            fill();
            int piece = Math.min(end - begin, size - got);
            System.arraycopy(buffer, begin, data, got, piece);
            begin += piece;
            got += piece;
        }
        line();
        return size == 0 ? null : data;
    }

    private void skip(long length) throws IOException {
        for (long left = length; left > 0; ) {
            fill();
            int piece = (int) Math.min(end - begin, left);
            begin += piece;
            left -= piece;
        }
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder(64);
        while (true) {
            fill();
            for (int i = begin; i < end; i++) {
                if (buffer[i] == '\n') {
                    line.append(new String(buffer, begin, i - begin, StandardCharsets.ISO_8859_1));
                    begin = i + 1;
                    int length = line.length();
                    if (length > 0 && line.charAt(length - 1) == '\r') {
                        line.setLength(length - 1);
                    }
                    return line.toString();
                }
            }
            line.append(new String(buffer, begin, end - begin, StandardCharsets.ISO_8859_1));
            begin = end;
        }
    }

    /** Waits until something is there. */
    private void fill() throws IOException {
        if (begin < end) {
            return;
        }
        begin = 0;
        end = 0;
        int got = in.read(buffer);
        if (got < 0) {
            throw new EOFException("the server has ended the connection");
        }
        end = got;
    }
}
