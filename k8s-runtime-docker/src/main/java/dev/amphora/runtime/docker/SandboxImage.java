package dev.amphora.runtime.docker;

import com.github.dockerjava.api.DockerClient;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * The image whose only container does nothing but hold a pod's namespaces.
 *
 * <p>Made on the spot, because no registry should be needed to run a pod: a program of 188 bytes that ignores {@code SIGCHLD}, so that the
 * kernel reaps what a shared process namespace leaves to it, and then waits for ever. It is machine code for x86-64; on other
 * machines the reference's own image is used, which has to be there or is pulled.
 */
final class SandboxImage {
    /** The name of the image that is made. */
    static final String MADE = "amphora/pause:1";

    /** The reference's image, for machines that the made one does not suit. */
    static final String REFERENCE = "registry.k8s.io/pause:3.10";

    private static final int HEADERS = 64 + 56;
    private static final long ADDRESS = 0x400000;

    private SandboxImage() {}

    /** Whether the made image runs on an engine. */
    static boolean suits(String architecture) {
        return architecture.equals("amd64") || architecture.equals("x86_64");
    }

    /** The command of a sandbox's container. */
    static List<String> command() {
        return List.of("/pause");
    }

    /** Makes the image unless it is there. */
    static void make(DockerClient client) {
        ImageArchive.load(client, MADE, "amd64", new TarArchive().file("pause", program()));
    }

    /** The program as an ELF file. */
    static byte[] program() {
        byte[] code = {
            (byte) 0xb8,
            13,
            0,
            0,
            0, // mov eax, rt_sigaction
            (byte) 0xbf,
            17,
            0,
            0,
            0, // mov edi, SIGCHLD
            0x48,
            (byte) 0x8d,
            0x35,
            19,
            0,
            0,
            0, // lea rsi, [action]
            0x31,
            (byte) 0xd2, // xor edx, edx
            0x41,
            (byte) 0xba,
            8,
            0,
            0,
            0, // mov r10d, 8
            0x0f,
            0x05, // syscall
            (byte) 0xb8,
            34,
            0,
            0,
            0, // mov eax, pause
            0x0f,
            0x05, // syscall
            (byte) 0xeb,
            (byte) 0xf7 // jmp to the line of pause
        };
        long[] action = {1, 0, 0, 0}; // SIG_IGN, no flags, no restorer, no mask
        int size = HEADERS + code.length + action.length * Long.BYTES;
        ByteBuffer file = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        file.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0});
        file.putShort((short) 2).putShort((short) 62).putInt(1); // executable, x86-64
        file.putLong(ADDRESS + HEADERS).putLong(64).putLong(0); // entry, program headers, no sections
        file.putInt(0).putShort((short) 64).putShort((short) 56).putShort((short) 1);
        file.putShort((short) 64).putShort((short) 0).putShort((short) 0);
        file.putInt(1).putInt(5); // one segment to load, readable and executable
        file.putLong(0)
                .putLong(ADDRESS)
                .putLong(ADDRESS)
                .putLong(size)
                .putLong(size)
                .putLong(0x1000);
        file.put(code);
        for (long word : action) {
            file.putLong(word);
        }
        return file.array();
    }
}
