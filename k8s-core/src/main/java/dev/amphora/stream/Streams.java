package dev.amphora.stream;

/**
 * Which of a command's streams are connected.
 *
 * @param tty whether it has a terminal; its standard error is then part of its standard output
 */
public record Streams(boolean stdin, boolean stdout, boolean stderr, boolean tty) {
    /** Whether standard error comes by itself. */
    public boolean ownStderr() {
        return stderr && !tty;
    }
}
