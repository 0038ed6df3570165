package dev.amphora.kubelet;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.amphora.kernel.Kernel;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/** Probes through sockets of this machine, one thread of the kernel's for as long as a probe takes. */
final class SocketProbes implements ProbeTransport {
    private static final int MAX_BODY = 10 * 1024;

    private final Kernel kernel;

    SocketProbes(Kernel kernel) {
        this.kernel = kernel;
    }

    @Override
    public CompletionStage<Answer> tcp(Target target, Duration timeout) {
        return ask(() -> {
            try (Socket socket = connect(target, timeout)) {
                return Answer.of(0, "");
            } catch (IOException e) {
                return Answer.failed(dialError(target, e));
            }
        });
    }

    @Override
    public CompletionStage<Answer> http(
            Target target, boolean https, String path, List<Header> headers, Duration timeout) {
        String url = (https ? "https://" : "http://") + hostAndPort(target) + path;
        return ask(() -> {
            try (Socket plain = connect(target, timeout);
                    Socket socket = https ? secure(plain, target) : plain) {
                socket.setSoTimeout((int) Math.max(1, timeout.toMillis()));
                StringBuilder request = new StringBuilder("GET " + path + " HTTP/1.1\r\nConnection: close\r\n");
                boolean host = false;
                for (Header header : headers) {
                    host |= header.name().equalsIgnoreCase("Host");
                    request.append(header.name())
                            .append(": ")
                            .append(header.value())
                            .append("\r\n");
                }
                if (!host) {
                    request.append("Host: ").append(hostAndPort(target)).append("\r\n");
                }
                socket.getOutputStream().write(request.append("\r\n").toString().getBytes(UTF_8));
                socket.getOutputStream().flush();
                return read(new BufferedInputStream(socket.getInputStream()));
            } catch (SocketTimeoutException e) {
                return Answer.failed("Get \"" + url
                        + "\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)");
            } catch (IOException e) {
                return Answer.failed("Get \"" + url + "\": " + dialError(target, e));
            }
        });
    }

    @Override
    public CompletionStage<Answer> grpc(Target target, String service, Duration timeout) {
        return ask(() -> {
            try (Socket socket = connect(target, timeout)) {
                socket.setSoTimeout((int) Math.max(1, timeout.toMillis()));
                return Answer.of(GrpcHealth.check(socket, hostAndPort(target), service), "");
            } catch (IOException e) {
                return Answer.failed("timeout: failed to connect service \"" + hostAndPort(target) + "\" within "
                        + timeout.toSeconds() + "s: context deadline exceeded");
            }
        });
    }

    private interface Question {
        Answer ask();
    }

    private CompletionStage<Answer> ask(Question question) {
        CompletableFuture<Answer> answer = new CompletableFuture<>();
        kernel.blocking().execute(() -> {
            try {
                answer.complete(question.ask());
            } catch (RuntimeException e) {
                answer.completeExceptionally(e);
            }
        });
        return answer;
    }

    private static Socket connect(Target target, Duration timeout) throws IOException {
        Socket socket = new Socket();
        try {
            socket.connect(new InetSocketAddress(target.host(), target.port()), (int) Math.max(1, timeout.toMillis()));
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    private static Socket secure(Socket plain, Target target) throws IOException {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new AnyCertificate()}, null);
            return context.getSocketFactory().createSocket(plain, target.host(), target.port(), true);
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    private static Answer read(InputStream in) throws IOException {
        String[] words = line(in).split(" ", 3);
        if (words.length < 2 || !words[0].startsWith("HTTP/")) {
            return Answer.failed("malformed HTTP response \"" + String.join(" ", words) + "\"");
        }
        String location = "";
        boolean chunked = false;
        int length = MAX_BODY;
        for (String header = line(in); !header.isEmpty(); header = line(in)) {
            int colon = header.indexOf(':');
            if (colon < 0) {
                continue;
            }
            String value = header.substring(colon + 1).trim();
            switch (header.substring(0, colon).trim().toLowerCase(Locale.ROOT)) {
                case "location" -> location = value;
                case "transfer-encoding" -> chunked = value.equalsIgnoreCase("chunked");
                case "content-length" -> length = Math.min(MAX_BODY, Integer.parseInt(value));
                default -> {}
            }
        }
        byte[] body = chunked ? chunks(in) : in.readNBytes(length);
        return new Answer(Integer.parseInt(words[1]), new String(body, UTF_8), location, null);
    }

    private static byte[] chunks(InputStream in) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        while (body.size() < MAX_BODY) {
            int size = Integer.parseInt(line(in).split(";", 2)[0].trim(), 16);
            if (size == 0) {
                break;
            }
            body.write(in.readNBytes(size));
            line(in);
        }
        return body.toByteArray();
    }

    private static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int next = in.read(); next >= 0 && next != '\n'; next = in.read()) {
            if (next != '\r') {
                line.write(next);
            }
            if (line.size() > MAX_BODY) {
                throw new IOException("a line of the answer is too long");
            }
        }
        return line.toString(ISO_8859_1);
    }

    private static String hostAndPort(Target target) {
        return (target.host().contains(":") ? "[" + target.host() + "]" : target.host()) + ":" + target.port();
    }

    private static String dialError(Target target, IOException e) {
        if (e instanceof SocketTimeoutException) {
            return "dial tcp " + hostAndPort(target) + ": i/o timeout";
        }
        if (e instanceof UnknownHostException) {
            return "dial tcp: lookup " + target.host() + ": no such host";
        }
        if (e instanceof ConnectException) {
            return "dial tcp " + hostAndPort(target) + ": connect: connection refused";
        }
        return e.getMessage() == null ? e.toString() : e.getMessage();
    }

    /** A probe asks whether something answers, not who. */
    private static final class AnyCertificate implements X509TrustManager {
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
