package dev.amphora.rest;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.amphora.kernel.Kernel;
import dev.amphora.rest.remote.ByteListener;
import dev.amphora.rest.remote.SpdyCommand;
import dev.amphora.rest.tls.KeyCertificate;
import dev.amphora.stream.ByteSink;
import dev.amphora.stream.Output;
import dev.amphora.stream.Session;
import dev.amphora.stream.Streams;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * The port of a kubelet in another process: logs of one line, commands that print their input and end with exit code 7, ports that send
 * back what they get.
 */
final class LoopbackKubelet implements AutoCloseable {
    /** The first line of each request, and who showed which certificate. */
    final List<String> heard = new CopyOnWriteArrayList<>();

    private final Kernel kernel;
    private final SSLServerSocket listening;

    LoopbackKubelet(Kernel kernel, KeyCertificate serving) throws Exception {
        this.kernel = kernel;
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(serving.shown(), new TrustManager[] {new AnyClient()}, null);
        listening = (SSLServerSocket)
                context.getServerSocketFactory().createServerSocket(0, 50, InetAddress.getLoopbackAddress());
        listening.setWantClientAuth(true);
        kernel.blocking().execute(this::accept);
    }

    int port() {
        return listening.getLocalPort();
    }

    private void accept() {
        try {
            while (true) {
                SSLSocket socket = (SSLSocket) listening.accept();
                kernel.blocking().execute(() -> serve(socket));
            }
        } catch (IOException e) {
            // closed
        }
    }

    private void serve(SSLSocket socket) {
        try (socket) {
            InputStream in = socket.getInputStream();
            OutputStream out = socket.getOutputStream();
            String head = head(in);
            String line = head.substring(0, head.indexOf('\r'));
            heard.add(line);
            try {
                heard.add(socket.getSession().getPeerPrincipal().getName());
            } catch (SSLPeerUnverifiedException e) {
                // showed nothing
            }
            String path = line.split(" ")[1];
            if (path.startsWith("/exec/")) {
                agree(out, "v4.channel.k8s.io");
                pump(in, SpdyCommand.serving("v4.channel.k8s.io", streams(path), found()), out);
            } else if (path.startsWith("/portForward/")) {
                agree(out, "portforward.k8s.io");
                in.transferTo(out);
            } else {
                boolean known = path.startsWith("/containerLogs/") || path.equals("/pods");
                String text = known ? "hello from " + path + "\n" : "404 page not found\n";
                out.write(("HTTP/1.1 " + (known ? "200 OK" : "404 Not Found")
                                + "\r\nContent-Type: text/plain\r\nContent-Length: " + text.length()
                                + "\r\nConnection: close\r\n\r\n" + text)
                        .getBytes(ISO_8859_1));
                out.flush();
            }
        } catch (IOException e) {
            // the other side has gone
        }
    }

    private static void agree(OutputStream out, String protocol) throws IOException {
        out.write(("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
                        + "X-Stream-Protocol-Version: " + protocol + "\r\n\r\n")
                .getBytes(ISO_8859_1));
        out.flush();
    }

    private static Streams streams(String path) {
        return new Streams(path.contains("input=1"), path.contains("output=1"), path.contains("error=1"), false);
    }

    private static void pump(InputStream in, ByteListener listener, OutputStream out) throws IOException {
        listener.onOpen(new ByteSink() {
            @Override
            public synchronized CompletionStage<@Nullable Void> write(byte[] piece) {
                try {
                    out.write(piece);
                    out.flush();
                    return READY;
                } catch (IOException e) {
                    return CompletableFuture.failedStage(e);
                }
            }

            @Override
            public void end() {}

            @Override
            public void abort() {}
        });
        byte[] buffer = new byte[4096];
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            listener.onBytes(Arrays.copyOf(buffer, n));
        }
        listener.onClosed();
    }

    private static CompletionStage<Session.Starter> found() {
        return CompletableFuture.completedStage(output -> CompletableFuture.completedStage(new Echo(output)));
    }

    /** Prints what it reads, complains at the end, and fails. */
    private static final class Echo implements Session {
        private final Output output;
        private final CompletableFuture<Integer> exit = new CompletableFuture<>();

        Echo(Output output) {
            this.output = output;
        }

        @Override
        public ByteSink stdin() {
            return new ByteSink() {
                @Override
                public CompletionStage<@Nullable Void> write(byte[] piece) {
                    return output.stdout().write(piece);
                }

                @Override
                public void end() {
                    output.stderr().write("bye".getBytes(UTF_8));
                    exit.complete(7);
                }

                @Override
                public void abort() {
                    exit.complete(7);
                }
            };
        }

        @Override
        public void resize(int columns, int rows) {}

        @Override
        public CompletionStage<Integer> exitCode() {
            return exit;
        }

        @Override
        public void close() {}
    }

    private static String head(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("no request came");
            }
            head.append((char) next);
        }
        return head.toString();
    }

    @Override
    public void close() throws IOException {
        listening.close();
    }

    private static final class AnyClient implements X509TrustManager {
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
