package dev.amphora.rest;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** The client's side of HTTP/2, frame by frame, with no sense of what is proper. */
final class Http2Frames {
    static final int HEADERS = 1;
    static final int RESET = 3;
    static final int GO_AWAY = 7;
    private static final int SETTINGS = 4;
    private static final int PING = 6;
    private static final int CONTINUATION = 9;
    private static final int END_STREAM = 1;
    private static final int END_HEADERS = 4;
    private static final int MOST = 200_000;

    private final RawClient client;
    private final int[] counts = new int[256];

    Http2Frames(RawClient client) throws IOException {
        this.client = client;
        client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        frame(SETTINGS, 0, 0, new byte[0]);
    }

    interface Step {
        void send(int i) throws IOException;
    }

    /** Sends again and again; whether the other side ends the connection. */
    boolean floodUntilClosed(Step step) {
        try {
            for (int i = 0; i < MOST; i++) {
                step.send(i);
                while (client.in().available() > 0) {
                    if (read() == GO_AWAY) {
                        return true;
                    }
                }
            }
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    /** Reads frames until that many of a type have come; how many have. */
    int await(int type, int count) throws IOException {
        while (counts[type] < count) {
            read();
        }
        return counts[type];
    }

    private int read() throws IOException {
        DataInputStream in = new DataInputStream(client.in());
        int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
        int type = in.readUnsignedByte();
        in.readNBytes(5 + length);
        counts[type]++;
        return type;
    }

    void get(int stream, String path) throws IOException {
        frame(HEADERS, END_STREAM | END_HEADERS, stream, headers(path));
    }

    void reset(int stream) throws IOException {
        frame(RESET, 0, stream, new byte[] {0, 0, 0, 8});
    }

    void ping() throws IOException {
        frame(PING, 0, 0, new byte[8]);
    }

    void settings() throws IOException {
        frame(SETTINGS, 0, 0, new byte[] {0, 4, 0, 1, 0, 0});
    }

    void openHeaders(int stream) throws IOException {
        frame(HEADERS, END_STREAM, stream, headers("/version"));
    }

    void continuation(int stream) throws IOException {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        for (int i = 0; i < 100; i++) {
            literal(block, "x-filling-" + i, "x".repeat(100));
        }
        frame(CONTINUATION, 0, stream, block.toByteArray());
    }

    private static byte[] headers(String path) {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        literal(block, ":method", "GET");
        literal(block, ":scheme", "https");
        literal(block, ":authority", "localhost");
        literal(block, ":path", path);
        literal(block, "authorization", "Bearer admin");
        return block.toByteArray();
    }

    /** A header that isn't to be remembered, name and value as they are. */
    private static void literal(ByteArrayOutputStream block, String name, String value) {
        block.write(0);
        block.write(name.length());
        block.writeBytes(name.getBytes(StandardCharsets.US_ASCII));
        block.write(value.length());
        block.writeBytes(value.getBytes(StandardCharsets.US_ASCII));
    }

    private void frame(int type, int flags, int stream, byte[] payload) throws IOException {
        byte[] frame = new byte[9 + payload.length];
        frame[0] = (byte) (payload.length >> 16);
        frame[1] = (byte) (payload.length >> 8);
        frame[2] = (byte) payload.length;
        frame[3] = (byte) type;
        frame[4] = (byte) flags;
        frame[5] = (byte) (stream >> 24);
        frame[6] = (byte) (stream >> 16);
        frame[7] = (byte) (stream >> 8);
        frame[8] = (byte) stream;
        System.arraycopy(payload, 0, frame, 9, payload.length);
        client.send(frame);
    }
}
