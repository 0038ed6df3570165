package dev.amphora.proxy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Two connections that carry each other's bytes. A side that ends its output ends the other's input; what one cannot take is not read
 * from the other. Buffers are borrowed only while bytes are under way. Belongs to the selecting thread.
 */
final class Splice {
    /** Buffers that are not in use. */
    static final class Buffers {
        private static final int SIZE = 64 * 1024;
        private static final int KEEP = 256;

        private final ArrayDeque<ByteBuffer> free = new ArrayDeque<>();

        ByteBuffer take() {
            ByteBuffer buffer = free.poll();
            return buffer == null ? ByteBuffer.allocateDirect(SIZE) : buffer.clear();
        }

        void give(ByteBuffer buffer) {
            if (free.size() < KEEP) {
                free.push(buffer);
            }
        }
    }

    private static final class Direction {
        final SelectionKey from;
        final SelectionKey to;

        @Nullable ByteBuffer buffer;

        boolean ended;

        Direction(SelectionKey from, SelectionKey to) {
            this.from = from;
            this.to = to;
        }
    }

    private final Buffers buffers;
    private final Direction up;
    private final Direction down;

    Splice(Buffers buffers, SelectionKey client, SelectionKey backend) {
        this.buffers = buffers;
        this.up = new Direction(client, backend);
        this.down = new Direction(backend, client);
    }

    /** Moves what can be moved. */
    void pump() {
        try {
            move(up);
            move(down);
            if (up.ended && down.ended) {
                close();
                return;
            }
            up.from.interestOps(interest(up, down));
            down.from.interestOps(interest(down, up));
        } catch (IOException | RuntimeException e) {
            close();
        }
    }

    void close() {
        release(up);
        release(down);
        UserspaceProxy.closeQuietly(up.from.channel());
        UserspaceProxy.closeQuietly(down.from.channel());
    }

    private void move(Direction direction) throws IOException {
        SocketChannel from = (SocketChannel) direction.from.channel();
        SocketChannel to = (SocketChannel) direction.to.channel();
        while (!direction.ended) {
            ByteBuffer buffer = direction.buffer;
            if (buffer == null) {
                buffer = buffers.take();
                int read = from.read(buffer);
                if (read <= 0) {
                    buffers.give(buffer);
                    if (read < 0) {
                        direction.ended = true;
                        to.shutdownOutput();
                    }
                    return;
                }
                direction.buffer = buffer.flip();
            }
            to.write(buffer);
            if (buffer.hasRemaining()) {
                return;
            }
            release(direction);
        }
    }

    private void release(Direction direction) {
        if (direction.buffer != null) {
            buffers.give(direction.buffer);
            direction.buffer = null;
        }
    }

    /** A side is read while its bytes can be passed on, and written to while the other side's bytes wait. */
    private static int interest(Direction out, Direction in) {
        int read = out.ended || out.buffer != null ? 0 : SelectionKey.OP_READ;
        int write = in.buffer != null ? SelectionKey.OP_WRITE : 0;
        return read | write;
    }
}
