package dev.amphora.rest.remote;

import dev.amphora.stream.ByteSink;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * One side of a SPDY/3.1 connection, as far as Kubernetes uses it: the client opens streams, both sides send and end or reset them, and
 * pings are answered. As with theirs there is no flow control per stream; whoever stalls holds up the connection.
 */
final class SpdyConnection implements ByteListener {
    /** What a write gives when nobody takes it. */
    static final CompletionStage<@Nullable Void> GONE =
            CompletableFuture.failedStage(new IllegalStateException("the stream has ended"));

    private static final int FRAME_HEAD = 8;
    private static final int CONTROL = 0x8000;
    private static final int VERSION = 3;
    private static final int SYN_STREAM = 1;
    private static final int SYN_REPLY = 2;
    private static final int RST_STREAM = 3;
    private static final int PING = 6;
    private static final int GOAWAY = 7;
    private static final int HEADERS = 8;
    private static final int FIN = 1;
    private static final int PROTOCOL_ERROR = 1;
    private static final int REFUSED = 3;
    private static final int CANCEL = 5;
    private static final int LARGEST_CONTROL_FRAME = 1 << 20;
    private static final int MOST_STREAMS = 1_000;
    private static final int SYN_STREAM_HEAD = 10;

    /** Uses the streams of a connection. */
    interface Handler {
        /**
         * The client has opened a stream.
         *
         * @return whether it is accepted
         */
        boolean onStream(SpdyStream stream);

        /** The connection is gone. Called once. */
        void onClosed();
    }

    private final Handler handler;
    private final boolean client;
    private final SpdyHeaders headers = new SpdyHeaders();
    private final Map<Integer, SpdyStream> streams = new LinkedHashMap<>();
    /** The beginning of a frame whose rest has not come. */
    private byte[] pending = new byte[0];

    private int dataId;
    private int dataLeft;
    private boolean dataLast;
    private @Nullable ByteSink out;
    private int lastId;
    private boolean closed;

    /** The server's side. */
    SpdyConnection(Handler handler) {
        this(handler, false);
    }

    private SpdyConnection(Handler handler, boolean client) {
        this.handler = handler;
        this.client = client;
    }

    /** The client's side. */
    static SpdyConnection client(Handler handler) {
        return new SpdyConnection(handler, true);
    }

    /** Opens a stream, as the client; one after the other. */
    SpdyStream open(Map<String, String> given) {
        SpdyStream stream;
        synchronized (this) {
            lastId = lastId == 0 ? 1 : lastId + 2;
            stream = new SpdyStream(this, lastId, given);
            if (!closed) {
                streams.put(lastId, stream);
            }
        }
        byte[] block = headers.write(given);
        send(control(
                SYN_STREAM,
                0,
                ByteBuffer.allocate(SYN_STREAM_HEAD + block.length)
                        .putInt(stream.id())
                        .putInt(0)
                        .putShort((short) 0)
                        .put(block)));
        return stream;
    }

    @Override
    public void onOpen(ByteSink opened) {
        synchronized (this) {
            out = opened;
        }
    }

    @Override
    public CompletionStage<?> onBytes(byte[] bytes) {
        byte[] all = bytes;
        if (pending.length > 0) {
            all = Arrays.copyOf(pending, pending.length + bytes.length);
            System.arraycopy(bytes, 0, all, pending.length, bytes.length);
        }
        List<CompletableFuture<?>> stalled = new ArrayList<>(0);
        int at = 0;
        while (at < all.length) {
            if (dataLeft > 0) {
                int length = Math.min(dataLeft, all.length - at);
                dataLeft -= length;
                data(Arrays.copyOfRange(all, at, at + length), stalled);
                at += length;
                continue;
            }
            if (all.length - at < FRAME_HEAD) {
                break;
            }
            ByteBuffer head = ByteBuffer.wrap(all, at, FRAME_HEAD);
            int first = head.getInt();
            int second = head.getInt();
            int flags = second >>> 24;
            int length = second & 0xff_ffff;
            if (first >= 0) {
                at += FRAME_HEAD;
                dataId = first;
                dataLeft = length;
                dataLast = (flags & FIN) != 0;
                if (length == 0) {
                    data(new byte[0], stalled);
                }
                continue;
            }
            if (length > LARGEST_CONTROL_FRAME) {
                broken();
                return ByteSink.READY;
            }
            if (all.length - at - FRAME_HEAD < length) {
                break;
            }
            at += FRAME_HEAD;
            try {
                control(first & 0xffff, flags, all, at, length);
            } catch (IllegalArgumentException e) {
                broken();
                return ByteSink.READY;
            }
            at += length;
        }
        pending = at == all.length ? new byte[0] : Arrays.copyOfRange(all, at, all.length);
        return stalled.isEmpty()
                ? ByteSink.READY
                : CompletableFuture.allOf(stalled.toArray(CompletableFuture<?>[]::new));
    }

    /** A part of a frame of data, the last if nothing is left of it. */
    private void data(byte[] part, List<CompletableFuture<?>> stalled) {
        CompletableFuture<?> taken =
                received(dataId, part, dataLast && dataLeft == 0).toCompletableFuture();
        if (!taken.isDone()) {
            stalled.add(taken);
        }
    }

    @Override
    public void onClosed() {
        List<SpdyStream> open;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            open = List.copyOf(streams.values());
            streams.clear();
        }
        headers.close();
        open.forEach(SpdyStream::broken);
        handler.onClosed();
    }

    /** Says goodbye, and ends the connection after all that was sent before. */
    void close() {
        send(control(
                GOAWAY, 0, ByteBuffer.allocate(8).putInt(client ? 0 : lastId).putInt(0)));
        ByteSink to = out();
        if (to != null) {
            to.end();
        }
    }

    // ---- frames in --------------------------------------------------------------------------------------------------

    private void control(int type, int flags, byte[] all, int at, int length) {
        ByteBuffer body = ByteBuffer.wrap(all, at, length);
        switch (type) {
            case SYN_STREAM -> {
                require(length >= SYN_STREAM_HEAD);
                int id = body.getInt() & 0x7fff_ffff;
                opened(id, headers.read(all, at + SYN_STREAM_HEAD, length - SYN_STREAM_HEAD), (flags & FIN) != 0);
            }
            case RST_STREAM -> {
                require(length >= 4);
                SpdyStream stream = forget(body.getInt() & 0x7fff_ffff);
                if (stream != null) {
                    stream.broken();
                }
            }
            case PING -> {
                require(length >= 4);
                int id = body.getInt();
                if ((id & 1) == (client ? 0 : 1)) {
                    send(control(PING, 0, ByteBuffer.allocate(4).putInt(id)));
                }
            }
            // read for the sake of the blocks that follow
            case SYN_REPLY, HEADERS -> {
                require(length >= 4);
                headers.read(all, at + 4, length - 4);
            }
            default -> {}
        }
    }

    private static void require(boolean whole) {
        if (!whole) {
            throw new IllegalArgumentException("a frame is too short");
        }
    }

    private void opened(int id, Map<String, String> given, boolean last) {
        SpdyStream stream = new SpdyStream(this, id, given);
        if (client || id <= lastId || (id & 1) == 0) {
            send(control(RST_STREAM, 0, ByteBuffer.allocate(8).putInt(id).putInt(PROTOCOL_ERROR)));
            return;
        }
        boolean tooMany;
        synchronized (this) {
            if (closed) {
                return;
            }
            lastId = id;
            tooMany = streams.size() >= MOST_STREAMS;
            if (!tooMany) {
                streams.put(id, stream);
            }
        }
        if (tooMany) {
            send(control(RST_STREAM, 0, ByteBuffer.allocate(8).putInt(id).putInt(REFUSED)));
            return;
        }
        byte[] block = headers.write(Map.of());
        send(control(
                SYN_REPLY, 0, ByteBuffer.allocate(4 + block.length).putInt(id).put(block)));
        if (!handler.onStream(stream)) {
            forget(id);
            send(control(RST_STREAM, 0, ByteBuffer.allocate(8).putInt(id).putInt(REFUSED)));
            stream.broken();
        } else if (last) {
            stream.data(new byte[0], true);
        }
    }

    private CompletionStage<@Nullable Void> received(int id, byte[] piece, boolean last) {
        SpdyStream stream;
        synchronized (this) {
            stream = streams.get(id);
        }
        return stream == null ? ByteSink.READY : stream.data(piece, last);
    }

    private void broken() {
        ByteSink to = out();
        if (to != null) {
            to.abort();
        }
        onClosed();
    }

    // ---- frames out -------------------------------------------------------------------------------------------------

    CompletionStage<@Nullable Void> data(int id, byte[] piece, boolean last) {
        ByteBuffer frame = ByteBuffer.allocate(FRAME_HEAD + piece.length);
        frame.putInt(id).putInt((last ? FIN : 0) << 24 | piece.length).put(piece);
        return send(frame.array());
    }

    void reset(int id) {
        forget(id);
        send(control(RST_STREAM, 0, ByteBuffer.allocate(8).putInt(id).putInt(CANCEL)));
    }

    synchronized @Nullable SpdyStream forget(int id) {
        return streams.remove(id);
    }

    private static byte[] control(int type, int flags, ByteBuffer body) {
        byte[] bytes = body.array();
        return ByteBuffer.allocate(FRAME_HEAD + bytes.length)
                .putShort((short) (CONTROL | VERSION))
                .putShort((short) type)
                .putInt(flags << 24 | bytes.length)
                .put(bytes)
                .array();
    }

    private CompletionStage<@Nullable Void> send(byte[] frame) {
        ByteSink to = out();
        return to == null ? GONE : to.write(frame);
    }

    private synchronized @Nullable ByteSink out() {
        return closed ? null : out;
    }
}
