package dev.amphora.apiserver.outside;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.Flow;

/** A body that is there already. */
final class WholeBody implements Flow.Publisher<List<ByteBuffer>> {
    private final byte[] bytes;

    WholeBody(byte[] bytes) {
        this.bytes = bytes;
    }

    @Override
    public void subscribe(Flow.Subscriber<? super List<ByteBuffer>> subscriber) {
        subscriber.onSubscribe(new Flow.Subscription() {
            private boolean over;

            @Override
            public void request(long count) {
                synchronized (this) {
                    if (over) {
                        return;
                    }
                    over = true;
                }
                if (bytes.length > 0) {
                    subscriber.onNext(List.of(ByteBuffer.wrap(bytes)));
                }
                subscriber.onComplete();
            }

            @Override
            public synchronized void cancel() {
                over = true;
            }
        });
    }
}
