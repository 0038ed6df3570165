package dev.amphora.store.etcd;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.KV;

/**
 * A key that is written so that watches see how far they have come.
 *
 * <p>Every watch also covers this key, which is greater than all others. Its event comes in line with the rest: whoever sees it has been given
 * all that came before. A server's own progress notes will not do, since those before 3.4.25 and 3.5.8 may overtake events. Any
 * number of requests while a write is under way share the next one.
 */
final class Fence {
    /** The greatest code point: a name that sorts behind all others. */
    static final String NAME = new String(Character.toChars(Character.MAX_CODE_POINT));

    private final KV kv;
    private final ByteSequence key;
    private boolean writing;
    private boolean again;

    Fence(KV kv, ByteSequence key) {
        this.kv = kv;
        this.key = key;
    }

    /** Writes the key after this call has begun. Returns at once; a failure is left to the watches' own checks. */
    void raise() {
        synchronized (this) {
            if (writing) {
                again = true;
                return;
            }
            writing = true;
        }
        write();
    }

    private void write() {
        kv.put(key, ByteSequence.EMPTY).whenComplete((response, error) -> {
            synchronized (this) {
                if (!again || error != null) {
                    writing = false;
                    again = false;
                    return;
                }
                again = false;
            }
            write();
        });
    }
}
