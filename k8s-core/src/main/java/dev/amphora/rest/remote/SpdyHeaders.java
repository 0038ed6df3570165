package dev.amphora.rest.remote;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/** The compressed name and value blocks of one SPDY/3 connection; each direction is one compressed stream over all of its blocks. */
final class SpdyHeaders implements AutoCloseable {
    private static final int LARGEST_BLOCK = 1 << 20;

    private static final List<String> DICTIONARY_WORDS = List.of(
            """
            options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow \
            authorization cache-control connection content-base content-encoding content-language content-length content-location \
            content-md5 content-range content-type date etag expect expires from host if-match if-modified-since if-none-match \
            if-range if-unmodified-since last-modified location max-forwards pragma proxy-authenticate proxy-authorization range \
            referer retry-after server te trailer transfer-encoding upgrade user-agent vary via warning www-authenticate method get \
            status 200+OK version HTTP/1.1 url public set-cookie keep-alive origin"""
                    .split(" "));

    private static final String DICTIONARY_TAIL =
            """
            100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505\
            203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden\
            404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable\
            Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT\
            chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,public\
            privatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.""";

    private final Inflater inflater = new Inflater();
    private final Deflater deflater = new Deflater();
    private boolean closed;

    SpdyHeaders() {
        deflater.setDictionary(dictionary());
    }

    /** What both sides know before the first block. */
    static byte[] dictionary() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (String word : DICTIONARY_WORDS) {
            text(bytes, word.replace('+', ' '));
        }
        bytes.writeBytes(DICTIONARY_TAIL.getBytes(UTF_8));
        return bytes.toByteArray();
    }

    /**
     * Reads a block.
     *
     * @throws IllegalArgumentException if it is none
     */
    synchronized Map<String, String> read(byte[] block, int from, int length) {
        if (closed) {
            return Map.of();
        }
        inflater.setInput(block, from, length);
        ByteArrayOutputStream plain = new ByteArrayOutputStream();
        byte[] buffer = new byte[4096];
        try {
            while (true) {
                int n = inflater.inflate(buffer);
                plain.write(buffer, 0, n);
                if (plain.size() > LARGEST_BLOCK) {
                    throw new IllegalArgumentException("a block of headers is too large");
                }
                if (n == 0) {
                    if (!inflater.needsDictionary()) {
                        break;
                    }
                    inflater.setDictionary(dictionary());
                }
            }
            return parse(ByteBuffer.wrap(plain.toByteArray()));
        } catch (DataFormatException | BufferUnderflowException | IllegalArgumentException e) {
            throw new IllegalArgumentException("not a block of headers", e);
        }
    }

    private static Map<String, String> parse(ByteBuffer plain) {
        Map<String, String> headers = new LinkedHashMap<>();
        for (int left = plain.getInt(); left > 0; left--) {
            String name = text(plain);
            headers.put(name, text(plain));
        }
        return headers;
    }

    private static String text(ByteBuffer from) {
        int length = from.getInt();
        if (length < 0 || length > from.remaining()) {
            throw new IllegalArgumentException("a length beyond the block");
        }
        byte[] bytes = new byte[length];
        from.get(bytes);
        return new String(bytes, UTF_8);
    }

    /** Writes a block, to be sent before the next is written. */
    synchronized byte[] write(Map<String, String> headers) {
        if (closed) {
            return new byte[0];
        }
        ByteArrayOutputStream plain = new ByteArrayOutputStream();
        number(plain, headers.size());
        headers.forEach((name, value) -> {
            text(plain, name);
            text(plain, value);
        });
        deflater.setInput(plain.toByteArray());
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        byte[] buffer = new byte[1024];
        int n;
        do {
            n = deflater.deflate(buffer, 0, buffer.length, Deflater.SYNC_FLUSH);
            block.write(buffer, 0, n);
        } while (n == buffer.length);
        return block.toByteArray();
    }

    private static void text(ByteArrayOutputStream to, String text) {
        byte[] bytes = text.getBytes(UTF_8);
        number(to, bytes.length);
        to.writeBytes(bytes);
    }

    private static void number(ByteArrayOutputStream to, int number) {
        to.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(number).array());
    }

    @Override
    public synchronized void close() {
        closed = true;
        inflater.end();
        deflater.end();
    }
}
