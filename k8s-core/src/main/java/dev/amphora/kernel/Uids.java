package dev.amphora.kernel;

import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.UUID;

/** Random identifiers, RFC 9562 version 4. Chance is drawn for many at once, since each draw locks the generator and asks the system. */
final class Uids {
    private static final int BYTES = 16;
    private static final int AT_ONCE = 128;

    private final SecureRandom random = new SecureRandom();
    private final ThreadLocal<ByteBuffer> drawn =
            ThreadLocal.withInitial(() -> ByteBuffer.allocate(BYTES * AT_ONCE).position(BYTES * AT_ONCE));

    String next() {
        ByteBuffer buffer = drawn.get();
        if (!buffer.hasRemaining()) {
            random.nextBytes(buffer.array());
            buffer.clear();
        }
        long high = buffer.getLong() & ~0xf000L | 0x4000L;
        long low = buffer.getLong() & ~(3L << 62) | 2L << 62;
        return new UUID(high, low).toString();
    }
}
