package dev.amphora.scheduler.extender;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.ArgumentMatchers.anyLong;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.verify;

import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.ResponseInfo;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.Flow;
import org.junit.jupiter.api.Test;

class BoundedBodyTest {
    private final Flow.Subscription subscription = mock(Flow.Subscription.class);
    private final BodySubscriber<byte[]> body = BoundedBody.of(5).apply(mock(ResponseInfo.class));

    @Test
    void aBodyWithinTheLimitIsTakenWhole() {
        body.onSubscribe(subscription);
        verify(subscription).request(anyLong());
        body.onNext(List.of(bytes(1, 2), bytes(3)));
        body.onNext(List.of(bytes(4, 5)));
        assertThat(body.getBody().toCompletableFuture()).isNotDone();
        body.onComplete();
        assertThat(body.getBody().toCompletableFuture().join()).containsExactly(1, 2, 3, 4, 5);
    }

    @Test
    void aLongerOneFailsAsSoonAsItIsTooLongAndNoMoreOfItIsWanted() {
        body.onSubscribe(subscription);
        body.onNext(List.of(bytes(1, 2, 3)));
        body.onNext(List.of(bytes(4, 5, 6)));
        verify(subscription).cancel();
        assertThatThrownBy(() -> body.getBody().toCompletableFuture().join())
                .hasCauseInstanceOf(IOException.class)
                .hasMessageContaining("more than 5 bytes");
        body.onNext(List.of(bytes(7)));
        body.onComplete();
        assertThat(body.getBody().toCompletableFuture()).isCompletedExceptionally();
    }

    @Test
    void oneThatBreaksOffFails() {
        body.onSubscribe(subscription);
        body.onNext(List.of(bytes(1)));
        body.onError(new IOException("reset"));
        assertThatThrownBy(() -> body.getBody().toCompletableFuture().join()).hasMessageContaining("reset");
    }

    private static ByteBuffer bytes(int... values) {
        ByteBuffer buffer = ByteBuffer.allocate(values.length);
        for (int value : values) {
            buffer.put((byte) value);
        }
        return buffer.flip();
    }
}
