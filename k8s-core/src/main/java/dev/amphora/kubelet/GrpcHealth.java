package dev.amphora.kubelet;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;

/**
 * One call of {@code grpc.health.v1.Health/Check} over HTTP/2 without TLS: the few frames that it takes, nothing more. The answer's
 * headers are not read, only its message.
 */
final class GrpcHealth {
    private static final int DATA = 0;
    private static final int HEADERS = 1;
    private static final int RST_STREAM = 3;
    private static final int SETTINGS = 4;
    private static final int PING = 6;
    private static final int GOAWAY = 7;
    private static final int ACK = 1;
    private static final int END_STREAM = 1;
    private static final int END_HEADERS = 4;
    private static final int MAX_FRAME = 1 << 20;

    private GrpcHealth() {}

    /**
     * Asks for a service's health.
     *
     * @return the serving status, 0 if the server gave none
     */
    static int check(Socket socket, String authority, String service) throws IOException {
        DataOutputStream out = new DataOutputStream(socket.getOutputStream());
        out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII));
        frame(out, SETTINGS, 0, 0, new byte[0]);
        ByteArrayOutputStream headers = new ByteArrayOutputStream();
        header(headers, ":method", "POST");
        header(headers, ":scheme", "http");
        header(headers, ":path", "/grpc.health.v1.Health/Check");
        header(headers, ":authority", authority);
        header(headers, "content-type", "application/grpc");
        header(headers, "te", "trailers");
        frame(out, HEADERS, END_HEADERS, 1, headers.toByteArray());
        byte[] name = service.getBytes(UTF_8);
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        DataOutputStream body = new DataOutputStream(message);
        body.writeByte(0);
        body.writeInt(name.length == 0 ? 0 : 2 + name.length);
        if (name.length > 0) {
            body.writeByte(0x0A);
            body.writeByte(name.length);
            body.write(name);
        }
        frame(out, DATA, END_STREAM, 1, message.toByteArray());
        out.flush();
        return answer(new DataInputStream(socket.getInputStream()), out);
    }

    private static int answer(DataInputStream in, DataOutputStream out) throws IOException {
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        while (true) {
            int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
            int type = in.readUnsignedByte();
            int flags = in.readUnsignedByte();
            in.readInt();
            if (length > MAX_FRAME) {
                throw new IOException("a frame is too long");
            }
            byte[] payload = new byte[length];
            in.readFully(payload);
            switch (type) {
                case SETTINGS, PING -> {
                    if ((flags & ACK) == 0) {
                        frame(out, type, ACK, 0, type == PING ? payload : new byte[0]);
                        out.flush();
                    }
                }
                case DATA -> message.write(payload);
                case RST_STREAM, GOAWAY -> {
                    return status(message.toByteArray());
                }
                default -> {}
            }
            if ((type == DATA || type == HEADERS) && (flags & END_STREAM) != 0) {
                return status(message.toByteArray());
            }
        }
    }

    /** The first field of the answer: a tag, then a small number. */
    private static int status(byte[] message) {
        return message.length >= 7 && message[5] == 0x08 ? message[6] : 0;
    }

    private static void header(ByteArrayOutputStream out, String name, String value) {
        out.write(0);
        text(out, name);
        text(out, value);
    }

    /** A plain text of HPACK: shorter than 127 bytes, as all of ours are. */
    private static void text(ByteArrayOutputStream out, String text) {
        byte[] bytes = text.getBytes(US_ASCII);
        out.write(bytes.length);
        out.writeBytes(bytes);
    }

    private static void frame(DataOutputStream out, int type, int flags, int stream, byte[] payload)
            throws IOException {
        out.writeByte(payload.length >> 16);
        out.writeShort(payload.length & 0xFFFF);
        out.writeByte(type);
        out.writeByte(flags);
        out.writeInt(stream);
        out.write(payload);
    }
}
