package dev.amphora.samples;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/** Many who watch over HTTP/2, in this process, and count the events together. */
final class HttpsWatchers implements AutoCloseable {
    private static final int PER_CONNECTION = 200;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final AtomicLong seen;
    private final AtomicInteger begun = new AtomicInteger();
    private final List<Flow.Subscription> open = new ArrayList<>();
    private final List<CompletableFuture<?>> watches = new ArrayList<>();

    /** Begins to watch, and waits until all are answered. */
    HttpsWatchers(String url, int count, AtomicLong seen)
            throws IOException, InterruptedException, GeneralSecurityException {
        this.seen = seen;
        HttpRequest request = HttpRequest.newBuilder(URI.create(url))
                .header("Authorization", "Bearer " + HttpsBench.TOKEN)
                .build();
        for (int i = 0; i < count; i += PER_CONNECTION) {
            HttpClient client = client(HttpClient.Version.HTTP_2);
            int together = Math.min(PER_CONNECTION, count - i);
            // The first opens the connection that the others share.
            watches.add(watch(client, request));
            awaitBegun(i + 1);
            for (int k = 1; k < together; k++) {
                watches.add(watch(client, request));
            }
            awaitBegun(i + together);
        }
    }

    private CompletableFuture<?> watch(HttpClient client, HttpRequest request) {
        return client.sendAsync(request, head -> {
            if (head.statusCode() == 200) {
                begun.incrementAndGet();
            }
            return HttpResponse.BodySubscribers.fromSubscriber(new Counter());
        });
    }

    private void awaitBegun(int wanted) throws IOException, InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (begun.get() < wanted) {
            pause(end, "only " + begun.get() + " of " + wanted + " watches have begun");
        }
    }

    /** Waits until so many events have come to all together. */
    void await(long wanted) throws IOException, InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (seen.get() < wanted) {
            pause(end, "only " + seen.get() + " of " + wanted + " events have come");
        }
    }

    private static void pause(long end, String otherwise) throws IOException, InterruptedException {
        if (System.nanoTime() > end) {
            throw new IOException(otherwise);
        }
        LockSupport.parkNanos(20_000);
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
    }

    @Override
    public void close() {
        synchronized (open) {
            open.forEach(Flow.Subscription::cancel);
        }
        watches.forEach(watch -> watch.cancel(true));
    }

    /** Counts the lines, of which each is an event. */
    private final class Counter implements Flow.Subscriber<List<ByteBuffer>> {
        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            synchronized (open) {
                open.add(subscription);
            }
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(List<ByteBuffer> pieces) {
            int lines = 0;
            for (ByteBuffer piece : pieces) {
                while (piece.hasRemaining()) {
                    lines += piece.get() == '\n' ? 1 : 0;
                }
            }
            seen.addAndGet(lines);
        }

        @Override
        public void onError(@Nullable Throwable failure) {}

        @Override
        public void onComplete() {}
    }

    /** A client that asks only the server that this program has started, and so trusts it. */
    static HttpClient client(HttpClient.Version version) throws GeneralSecurityException {
        return HttpClient.newBuilder().sslContext(trusting()).version(version).build();
    }

    /** Trusts everybody. */
    static SSLContext trusting() throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new TrustsAll()}, new SecureRandom());
        return context;
    }

    private static final class TrustsAll implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
