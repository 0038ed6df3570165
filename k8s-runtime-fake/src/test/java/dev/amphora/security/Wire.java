package dev.amphora.security;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.Locale;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/** A connection over TLS on which anything may be sent, one request after the other. */
final class Wire implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 60_000;

    private final SSLSocket socket;

    private Wire(SSLSocket socket) {
        this.socket = socket;
    }

    /**
     * What came back.
     *
     * @param last whether the connection carries no further answer
     */
    record Answer(int status, String head, String body, boolean last) {}

    static Wire open(World world) throws IOException {
        return open(world, null);
    }

    /** Connects and shows a certificate, if one is given. */
    static Wire open(World world, KeyManager @Nullable [] shown) throws IOException {
        URI url = URI.create(world.cluster.endpoint().orElseThrow().url());
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(shown, new TrustManager[] {new Anybody()}, null);
            Socket plain = new Socket(url.getHost(), url.getPort());
            plain.setSoTimeout(PATIENCE_MILLIS);
            plain.setTcpNoDelay(true);
            SSLSocket socket =
                    (SSLSocket) context.getSocketFactory().createSocket(plain, url.getHost(), url.getPort(), true);
            socket.startHandshake();
            return new Wire(socket);
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    /** Sends a request as the owner of a token, or as nobody, and reads the answer. */
    Answer ask(String method, String target, String token, String contentType, String body) throws IOException {
        StringBuilder text = new StringBuilder(method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n");
        if (!token.isEmpty()) {
            text.append("Authorization: Bearer ").append(token).append("\r\n");
        }
        if (!body.isEmpty()) {
            text.append("Content-Type: ").append(contentType).append("\r\n");
            text.append("Content-Length: ").append(body.length()).append("\r\n");
        }
        return ask(method, text.append("\r\n").append(body).toString());
    }

    /** Sends bytes, one for each character, and reads an answer. */
    Answer ask(String method, String bytes) throws IOException {
        socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
        socket.getOutputStream().flush();
        return read(method);
    }

    /** Reads an answer. */
    Answer read(String method) throws IOException {
        InputStream in = socket.getInputStream();
        String head = line(in);
        StringBuilder all = new StringBuilder(head).append('\n');
        int length = -1;
        boolean chunked = false;
        boolean last = false;
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            String lower = line.toLowerCase(Locale.ROOT);
            all.append(line).append('\n');
            if (lower.startsWith("content-length:")) {
                length = Integer.parseInt(lower.substring(15).strip());
            }
            chunked |= lower.equals("transfer-encoding: chunked");
            last |= lower.equals("connection: close");
        }
        int status = Integer.parseInt(head.split(" ", 3)[1]);
        if (method.equals("HEAD") || status == 204 || status == 304) {
            return new Answer(status, all.toString(), "", last);
        }
        if (chunked && last) {
            return new Answer(status, all.toString(), "", true);
        }
        byte[] body = chunked ? chunks(in) : in.readNBytes(Math.max(0, length));
        return new Answer(
                status, all.toString(), new String(body, StandardCharsets.UTF_8), last || !chunked && length < 0);
    }

    private static byte[] chunks(InputStream in) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (int size = Integer.parseInt(line(in), 16); size > 0; size = Integer.parseInt(line(in), 16)) {
            body.writeBytes(in.readNBytes(size));
            line(in);
        }
        line(in);
        return body.toByteArray();
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new EOFException("after: " + line);
            }
            if (next != '\r') {
                line.append((char) next);
            }
        }
        return line.toString();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    /** Takes every server for the one that was meant. */
    static final class Anybody implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
