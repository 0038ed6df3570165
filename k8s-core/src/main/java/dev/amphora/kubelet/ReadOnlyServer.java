package dev.amphora.kubelet;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.amphora.kernel.Kernel;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The kubelet's read-only port, by tradition 10255: {@code /pods} and {@code /healthz} over plain HTTP, to GET only, one request per
 * connection. Whoever reaches the port may read, so it belongs on an address that only this machine has.
 */
final class ReadOnlyServer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ReadOnlyServer.class);
    private static final int REQUEST_TIMEOUT_MILLIS = 5_000;

    private final KubeletPages pages;
    private final ServerSocket listener;

    /**
     * Opens the port.
     *
     * @throws UncheckedIOException if that is not possible
     */
    ReadOnlyServer(Kernel kernel, String address, int port, KubeletPages pages) {
        this.pages = pages;
        try {
            listener = new ServerSocket();
            listener.setReuseAddress(true);
            listener.bind(new InetSocketAddress(InetAddress.getByName(address), port));
        } catch (IOException e) {
            throw new UncheckedIOException("read-only port " + address + ":" + port, e);
        }
        kernel.blocking().execute(() -> accept(kernel));
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            log.debug("The read-only port did not close", e);
        }
    }

    private void accept(Kernel kernel) {
        while (!listener.isClosed()) {
            try {
                Socket connection = listener.accept();
                kernel.blocking().execute(() -> serve(connection));
            } catch (IOException e) {
                if (!listener.isClosed()) {
                    log.debug("A connection was lost", e);
                }
            }
        }
    }

    private void serve(Socket connection) {
        try (connection) {
            connection.setSoTimeout(REQUEST_TIMEOUT_MILLIS);
            BufferedReader in = new BufferedReader(new InputStreamReader(connection.getInputStream(), ISO_8859_1));
            String request = in.readLine();
            for (String header = in.readLine(); header != null && !header.isEmpty(); header = in.readLine()) {
                // nothing in the headers matters here
            }
            String[] words = request == null ? new String[0] : request.split(" ");
            if (words.length < 2) {
                return;
            }
            answer(connection.getOutputStream(), words[0], words[1].split("\\?", 2)[0]);
        } catch (IOException e) {
            log.debug("A request was lost", e);
        }
    }

    private void answer(OutputStream out, String method, String path) throws IOException {
        KubeletPages.Page page = pages.page(method, path);
        String reason =
                switch (page.status()) {
                    case 200 -> "OK";
                    case 404 -> "Not Found";
                    default -> "Method Not Allowed";
                };
        reply(out, method, page.status() + " " + reason, page.contentType(), page.body());
    }

    private static void reply(OutputStream out, String method, String status, String type, byte[] body)
            throws IOException {
        String head = "HTTP/1.1 " + status + "\r\nContent-Type: " + type + "\r\nContent-Length: " + body.length
                + "\r\nConnection: close\r\n\r\n";
        out.write(head.getBytes(ISO_8859_1));
        if (!method.equals("HEAD")) {
            out.write(body);
        }
        out.flush();
    }
}
