package dev.amphora.rest.remote;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The client's end of a SPDY connection, for tests: makes frames, and reads those that the server sent. */
final class SpdyClient {
    final Recorder received = new Recorder();
    private final SpdyHeaders headers = new SpdyHeaders();
    private final ByteListener server;

    /** What the server sent: {@code reply 1}, {@code data 1 text}, {@code end 1}, {@code reset 1 5}, {@code ping 1}, {@code goaway}. */
    private final List<String> heard = new ArrayList<>();

    SpdyClient(ByteListener server) {
        this.server = server;
        server.onOpen(received);
    }

    void open(int id, Map<String, String> with) {
        byte[] block = headers.write(with);
        control(
                1,
                ByteBuffer.allocate(10 + block.length)
                        .putInt(id)
                        .putInt(0)
                        .putShort((short) 0)
                        .put(block));
    }

    void send(int id, String text) {
        data(id, text, 0);
    }

    void end(int id) {
        data(id, "", 1);
    }

    void reset(int id) {
        control(3, ByteBuffer.allocate(8).putInt(id).putInt(5));
    }

    void ping(int id) {
        control(6, ByteBuffer.allocate(4).putInt(id));
    }

    private void data(int id, String text, int flags) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        bytes(ByteBuffer.allocate(8 + bytes.length)
                .putInt(id)
                .putInt(flags << 24 | bytes.length)
                .put(bytes)
                .array());
    }

    private void control(int type, ByteBuffer body) {
        bytes(ByteBuffer.allocate(8 + body.capacity())
                .putShort((short) 0x8003)
                .putShort((short) type)
                .putInt(body.capacity())
                .put(body.array())
                .array());
    }

    /** Byte by byte, as a network might. */
    void bytes(byte[] frame) {
        for (byte one : frame) {
            server.onBytes(new byte[] {one});
        }
    }

    List<String> heard() {
        ByteBuffer in = ByteBuffer.wrap(received.bytes());
        received.clear();
        while (in.hasRemaining()) {
            int first = in.getInt();
            int second = in.getInt();
            byte[] body = new byte[second & 0xff_ffff];
            in.get(body);
            boolean last = second >>> 24 == 1;
            ByteBuffer content = ByteBuffer.wrap(body);
            if (first >= 0) {
                if (body.length > 0) {
                    heard.add("data " + first + " " + new String(body, StandardCharsets.UTF_8));
                }
                if (last) {
                    heard.add("end " + first);
                }
                continue;
            }
            heard.add(
                    switch (first & 0xffff) {
                        case 2 -> "reply " + content.getInt();
                        case 3 -> "reset " + content.getInt() + " " + content.getInt();
                        case 6 -> "ping " + content.getInt();
                        case 7 -> "goaway";
                        default -> "frame " + (first & 0xffff);
                    });
        }
        List<String> all = List.copyOf(heard);
        heard.clear();
        return all;
    }
}
