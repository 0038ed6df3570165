package dev.amphora.rest;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/** A connection over TLS on which one may send anything. */
final class RawClient implements AutoCloseable {
    private static final SSLContext TLS = context();
    private static final int PATIENCE = 60_000;

    private final SSLSocket socket;

    private RawClient(SSLSocket socket) {
        this.socket = socket;
    }

    /** Connects; with a protocol to negotiate if one is given. */
    static RawClient connect(int port, String... protocols) throws IOException {
        SSLSocket socket = (SSLSocket) TLS.getSocketFactory().createSocket(plain(port), "127.0.0.1", port, true);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setApplicationProtocols(protocols);
        socket.setSSLParameters(parameters);
        socket.setSoTimeout(PATIENCE);
        socket.startHandshake();
        return new RawClient(socket);
    }

    /** A connection without TLS. */
    static Socket plain(int port) throws IOException {
        Socket socket = new Socket(InetAddress.getByName("127.0.0.1"), port);
        socket.setSoTimeout(PATIENCE);
        return socket;
    }

    /** A request's first line and usual headers, without the empty line at the end. */
    static String head(String method, String target) {
        return method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer admin\r\n";
    }

    void send(String text) throws IOException {
        send(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    void send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        socket.getOutputStream().flush();
    }

    InputStream in() throws IOException {
        return socket.getInputStream();
    }

    /** Reads one answer's status line and headers. */
    String readHead() throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
            int next = in().read();
            if (next < 0) {
                throw new EOFException("after " + head);
            }
            head.write(next);
        }
        return head.toString(StandardCharsets.ISO_8859_1);
    }

    /** Reads one answer's status and leaves its body. */
    int readStatus() throws IOException {
        String[] words = readHead().split(" ", 3);
        return Integer.parseInt(words[1]);
    }

    /** An answer: its head, and its body if that has an end. */
    record Answer(String head, byte[] body, boolean last) {
        int status() {
            return Integer.parseInt(head.split(" ", 3)[1]);
        }
    }

    /** Reads one answer; only the beginning of one without a stated length that ends with the connection. */
    Answer readAnswer(String method) throws IOException {
        String head = readHead();
        String lower = head.toLowerCase(java.util.Locale.ROOT);
        int status = Integer.parseInt(head.split(" ", 3)[1]);
        boolean last = lower.contains("\r\nconnection: close");
        if (status == 204 || status == 304 || method.equals("HEAD")) {
            return new Answer(head, new byte[0], last);
        }
        if (lower.contains("\r\ntransfer-encoding: chunked")) {
            return last ? new Answer(head, new byte[0], true) : new Answer(head, readChunks(), false);
        }
        int length = lower.indexOf("\r\ncontent-length: ");
        if (length < 0) {
            return new Answer(head, new byte[0], true);
        }
        int end = lower.indexOf('\r', length + 2);
        return new Answer(
                head,
                in().readNBytes(Integer.parseInt(
                        lower.substring(length + 18, end).strip())),
                last);
    }

    private byte[] readChunks() throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        while (true) {
            StringBuilder size = new StringBuilder();
            for (int next = in().read(); next != '\n'; next = in().read()) {
                if (next < 0) {
                    throw new EOFException("in a chunk");
                }
                size.append((char) next);
            }
            int length = Integer.parseInt(size.toString().strip(), 16);
            body.writeBytes(in().readNBytes(length));
            in().readNBytes(2);
            if (length == 0) {
                return body.toByteArray();
            }
        }
    }

    /** Reads what comes until the other side closes. */
    String readAll() throws IOException {
        try {
            return new String(in().readAllBytes(), StandardCharsets.UTF_8);
        } catch (java.net.SocketTimeoutException e) {
            throw e;
        } catch (IOException e) {
            return "broken: " + e.getMessage();
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    private static SSLContext context() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new Everybody()}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static final class Everybody implements X509TrustManager {
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
