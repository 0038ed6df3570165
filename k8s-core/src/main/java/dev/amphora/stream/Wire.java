package dev.amphora.stream;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import javax.net.ssl.SSLSocket;

/** A connected socket, with TLS or without. Each direction blocks whoever uses it, and not the other one. */
interface Wire {
    /** Waits for some bytes; negative at the end. */
    int read(ByteBuffer into) throws IOException;

    /** Sends all bytes. */
    void write(ByteBuffer bytes) throws IOException;

    /** Sends no more. */
    void endOutput() throws IOException;

    void close() throws IOException;

    /** Bytes as they are. */
    static Wire of(SocketChannel channel) {
        return new Wire() {
            @Override
            public int read(ByteBuffer into) throws IOException {
                return channel.read(into);
            }

            @Override
            public void write(ByteBuffer bytes) throws IOException {
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
            }

            @Override
            public void endOutput() throws IOException {
                channel.shutdownOutput();
            }

            @Override
            public void close() throws IOException {
                channel.close();
            }
        };
    }

    /**
     * Bytes within TLS, whose handshake is done.
     *
     * @param beneath what carries it: closing that waits for nobody, while TLS would wait for the other end's goodbye
     */
    static Wire of(SSLSocket socket, Socket beneath) throws IOException {
        InputStream in = socket.getInputStream();
        OutputStream out = socket.getOutputStream();
        return new Wire() {
            @Override
            public int read(ByteBuffer into) throws IOException {
                int count = in.read(into.array(), into.arrayOffset() + into.position(), into.remaining());
                if (count > 0) {
                    into.position(into.position() + count);
                }
                return count;
            }

            @Override
            public void write(ByteBuffer bytes) throws IOException {
                out.write(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
                out.flush();
            }

            @Override
            public void endOutput() throws IOException {
                socket.shutdownOutput();
            }

            @Override
            public void close() throws IOException {
                beneath.close();
            }
        };
    }
}
