package dev.amphora.runtime.docker;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** An archive in the ustar format, as the engine takes for an image's file system. */
final class TarArchive {
    private static final int BLOCK = 512;
    private static final int CHECKSUM = 148;

    private final ByteArrayOutputStream archive = new ByteArrayOutputStream();

    /** Adds an executable file. */
    TarArchive file(String name, byte[] content) {
        archive.writeBytes(header(name, '0', "0000755", content.length, ""));
        archive.writeBytes(content);
        archive.writeBytes(new byte[(BLOCK - content.length % BLOCK) % BLOCK]);
        return this;
    }

    /** Adds a directory. */
    TarArchive directory(String name, String mode) {
        archive.writeBytes(header(name + "/", '5', mode, 0, ""));
        return this;
    }

    /** Adds a symbolic link. */
    TarArchive link(String name, String target) {
        archive.writeBytes(header(name, '2', "0000777", 0, target));
        return this;
    }

    /** The whole archive. */
    byte[] bytes() {
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        whole.writeBytes(archive.toByteArray());
        whole.writeBytes(new byte[2 * BLOCK]);
        return whole.toByteArray();
    }

    private static byte[] header(String name, char type, String mode, int size, String link) {
        byte[] header = new byte[BLOCK];
        text(header, 0, name);
        text(header, 100, mode);
        text(header, 108, "0000000");
        text(header, 116, "0000000");
        text(header, 124, String.format(Locale.ROOT, "%011o", size));
        text(header, 136, "00000000000");
        text(header, CHECKSUM, "        ");
        header[156] = (byte) type;
        text(header, 157, link);
        text(header, 257, "ustar");
        text(header, 263, "00");
        int sum = 0;
        for (byte each : header) {
            sum += each & 0xff;
        }
        text(header, CHECKSUM, String.format(Locale.ROOT, "%06o\0 ", sum));
        return header;
    }

    private static void text(byte[] header, int at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(bytes, 0, header, at, bytes.length);
    }
}
