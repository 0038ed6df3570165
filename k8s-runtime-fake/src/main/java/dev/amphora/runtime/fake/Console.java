package dev.amphora.runtime.fake;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/** What a command of the fake runtime sees of its client. To be used on the runtime's actor, where its callbacks run. */
public interface Console {

    /** The command and its arguments; empty for a container's own process. */
    List<String> command();

    /** Whether there is a terminal. */
    boolean tty();

    /** Prints bytes on standard output. */
    Console write(byte[] bytes);

    /** Prints text on standard output. */
    Console print(String text);

    /** Prints text on standard error, which on a terminal is its standard output. */
    Console printError(String text);

    /** Ends the command, 0 to 255; that of a container's own process ends the container. */
    void exit(int code);

    /** Ends the command as one that could not be run. */
    void fail(String message);

    /** Says what to do with input; what came before is kept until then. */
    Console onInput(Consumer<byte[]> action);

    /** Says what to do at the end of the input; at once if it is there, or there is no input. */
    Console onInputEnd(Runnable action);

    /** Says what to do when the terminal changes its size. */
    Console onResize(Consumer<Size> action);

    /** Does something after a while on the kernel's clock, unless the command has ended. */
    Console after(Duration delay, Runnable action);

    /** A terminal's size in characters. */
    record Size(int columns, int rows) {}
}
