package dev.amphora.samples.conformance;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/**
 * One connection that speaks HTTP/1.1 word for word: odd paths and headers go out as they are, which client libraries prevent. Any server
 * certificate is accepted.
 */
final class Wire implements Closeable {
    private static final SSLContext TRUSTING = trusting();
    private static final Duration CONNECTING = Duration.ofSeconds(5);
    private static final int SMALL = 8 << 10;
    private static final int LONGEST_LINE = 1 << 20;

    private final Socket socket;
    private final String authority;
    private final InputStream in;
    private final OutputStream out;

    /** Status and headers of an answer. */
    record Head(int status, String statusLine, Map<String, List<String>> headers) {
        boolean closes() {
            return headers.getOrDefault("connection", List.of()).stream()
                    .anyMatch(value -> value.equalsIgnoreCase("close"));
        }
    }

    private Wire(Socket socket, String authority) throws IOException {
        this.socket = socket;
        this.authority = authority;
        this.in = new BufferedInputStream(socket.getInputStream(), 64 << 10);
        this.out = socket.getOutputStream();
    }

    /**
     * Connects.
     *
     * @param silence how long the server may say nothing
     */
    static Wire connect(URI server, Duration silence) throws IOException {
        boolean secure = server.getScheme().equals("https");
        int port = server.getPort() < 0 ? (secure ? 443 : 80) : server.getPort();
        Socket plain = new Socket();
        try {
            plain.setTcpNoDelay(true);
            plain.setSoTimeout((int) silence.toMillis());
            plain.connect(new InetSocketAddress(server.getHost(), port), (int) CONNECTING.toMillis());
            Socket socket = secure ? secured(plain, server.getHost(), port) : plain;
            return new Wire(socket, server.getAuthority());
        } catch (IOException e) {
            plain.close();
            throw e;
        }
    }

    static SSLSocket secured(Socket plain, String host, int port) throws IOException {
        return (SSLSocket) TRUSTING.getSocketFactory().createSocket(plain, host, port, true);
    }

    /** Sends a request. A server that refuses it before it has all of it may not listen to the end: its answer tells why. */
    void send(Transport.Request request) throws IOException {
        byte[] body = request.bytes();
        StringBuilder head = new StringBuilder();
        head.append(request.method()).append(' ').append(request.target()).append(" HTTP/1.1\r\n");
        head.append("Host: ").append(authority).append("\r\n");
        request.headers().forEach(header -> head.append(header.getKey())
                .append(": ")
                .append(header.getValue())
                .append("\r\n"));
        if (request.body() != null || List.of("POST", "PUT", "PATCH").contains(request.method())) {
            head.append("Content-Length: ").append(body.length).append("\r\n");
        }
        byte[] start = head.append("\r\n").toString().getBytes(StandardCharsets.UTF_8);
        if (body.length <= SMALL) {
            byte[] whole = Arrays.copyOf(start, start.length + body.length);
            System.arraycopy(body, 0, whole, start.length, body.length);
            send(whole);
            return;
        }
        send(start);
        try {
            send(body);
        } catch (IOException e) {
            // refused before all was sent: the answer tells why
        }
    }

    void send(byte[] bytes) throws IOException {
        out.write(bytes);
        out.flush();
    }

    /** Reads status and headers; interim answers are passed over. */
    Head head() throws IOException {
        while (true) {
            String statusLine = line();
            String[] parts = statusLine.split(" ", 3);
            if (parts.length < 2 || !parts[0].startsWith("HTTP/") || !parts[1].matches("\\d{3}")) {
                throw new IOException("no HTTP: " + statusLine);
            }
            Map<String, List<String>> headers = new LinkedHashMap<>();
            for (String line = line(); !line.isEmpty(); line = line()) {
                int colon = line.indexOf(':');
                if (colon > 0) {
                    headers.computeIfAbsent(
                                    line.substring(0, colon).toLowerCase(Locale.ROOT), name -> new ArrayList<>())
                            .add(line.substring(colon + 1).strip());
                }
            }
            int status = Integer.parseInt(parts[1]);
            if (status >= 200 || status == 101) {
                return new Head(status, statusLine, headers);
            }
        }
    }

    /** Receives pieces of a body. */
    interface Pieces {
        /** A piece, in order. */
        void piece(byte[] bytes);
    }

    /**
     * Reads the body that follows a head.
     *
     * @return whether the connection can carry another request
     * @throws EOFException if it broke off
     */
    boolean body(Head head, String method, Pieces pieces) throws IOException {
        int status = head.status();
        if (method.equals("HEAD") || status == 204 || status == 304 || status == 101) {
            return !head.closes();
        }
        if (head.headers().getOrDefault("transfer-encoding", List.of()).contains("chunked")) {
            chunks(pieces);
            return !head.closes();
        }
        List<String> length = head.headers().get("content-length");
        if (length != null) {
            exactly(Long.parseLong(length.get(0)), pieces);
            return !head.closes();
        }
        byte[] buffer = new byte[8192];
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            pieces.piece(Arrays.copyOf(buffer, n));
        }
        return false;
    }

    private void chunks(Pieces pieces) throws IOException {
        while (true) {
            String size = line();
            int extension = size.indexOf(';');
            long length = Long.parseLong((extension < 0 ? size : size.substring(0, extension)).strip(), 16);
            if (length == 0) {
                while (!line().isEmpty()) {
                    // trailers are not looked at
                }
                return;
            }
            exactly(length, pieces);
            line();
        }
    }

    private void exactly(long length, Pieces pieces) throws IOException {
        long left = length;
        while (left > 0) {
            byte[] piece = in.readNBytes((int) Math.min(left, 64 << 10));
            if (piece.length == 0) {
                throw new EOFException("the body broke off");
            }
            left -= piece.length;
            pieces.piece(piece);
        }
    }

    /** Reads bytes; fewer only at the end. */
    byte[] read(int length) throws IOException {
        return in.readNBytes(length);
    }

    /** Reads to the end, or until the server says nothing for a while. */
    byte[] readAllAtHand() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        byte[] buffer = new byte[8192];
        try {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                bytes.write(buffer, 0, n);
            }
        } catch (IOException e) {
            // what came by then counts
        }
        return bytes.toByteArray();
    }

    void silence(Duration most) throws IOException {
        socket.setSoTimeout((int) most.toMillis());
    }

    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0 || line.size() > LONGEST_LINE) {
                throw new EOFException("the connection was closed");
            }
            line.write(b);
        }
        String text = line.toString(StandardCharsets.UTF_8);
        return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            // it is gone either way
        }
    }

    private static SSLContext trusting() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new TrustsAll()}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("no TLS", e);
        }
    }

    private static final class TrustsAll implements X509TrustManager {
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
