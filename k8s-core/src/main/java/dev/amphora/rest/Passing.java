package dev.amphora.rest;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/** Passes a body on to a client, as fast as it takes it: asks for the next pieces when the last are out. */
final class Passing implements Flow.Subscriber<List<ByteBuffer>> {
    private final HttpCall.HttpStream stream;
    private volatile Flow.@Nullable Subscription subscription;

    Passing(HttpCall.HttpStream stream) {
        this.stream = stream;
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
        subscription = given;
        stream.onClosed(given::cancel);
        given.request(1);
    }

    @Override
    public void onNext(List<ByteBuffer> pieces) {
        int length = pieces.stream().mapToInt(ByteBuffer::remaining).sum();
        ByteBuffer all = ByteBuffer.allocate(length);
        pieces.forEach(all::put);
        stream.write(all.array()).whenComplete((taken, failure) -> {
            Flow.Subscription current = subscription;
            if (current != null && failure == null) {
                current.request(1);
            }
        });
    }

    @Override
    public void onError(Throwable failure) {
        stream.abort();
    }

    @Override
    public void onComplete() {
        stream.end();
    }
}
