package dev.amphora.apiserver.outside;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/** Takes in the body of an answer as a whole, up to a limit. */
public final class BodyCollector implements Flow.Subscriber<List<ByteBuffer>> {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final CompletableFuture<byte[]> whole = new CompletableFuture<>();
    private final int limit;
    private Flow.@Nullable Subscription subscription;

    private BodyCollector(int limit) {
        this.limit = limit;
    }

    /**
     * Takes in a body.
     *
     * @param limit in bytes
     * @return completes with the body; exceptionally if it is longer, or broke off
     */
    public static CompletionStage<byte[]> collect(Flow.Publisher<List<ByteBuffer>> body, int limit) {
        BodyCollector collector = new BodyCollector(limit);
        body.subscribe(collector);
        return collector.whole;
    }

    /** Takes in nothing, so that who sends a body need not wait. */
    public static void drop(Flow.Publisher<List<ByteBuffer>> body) {
        body.subscribe(new BodyCollector(0));
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
        subscription = given;
        given.request(1);
    }

    @Override
    public void onNext(List<ByteBuffer> pieces) {
        for (ByteBuffer piece : pieces) {
            byte[] part = new byte[piece.remaining()];
            piece.get(part);
            bytes.writeBytes(part);
        }
        Flow.Subscription current = subscription;
        if (current == null) {
            return;
        }
        if (bytes.size() > limit) {
            current.cancel();
            whole.completeExceptionally(new IOException("the body is longer than " + limit + " bytes"));
        } else {
            current.request(1);
        }
    }

    @Override
    public void onError(Throwable failure) {
        whole.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
        whole.complete(bytes.toByteArray());
    }
}
