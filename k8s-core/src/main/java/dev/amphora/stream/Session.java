package dev.amphora.stream;

import java.util.concurrent.CompletionStage;

/** A command that runs in a container, or the container's own process, as seen by the client that is connected to it. */
public interface Session {

    /** Its standard input. Ends it with {@link ByteSink#end}; without effect if none is connected. */
    ByteSink stdin();

    /** Tells its terminal, if it has one, how many characters are seen of it. */
    void resize(int columns, int rows);

    /**
     * Its end.
     *
     * @return completes with its exit code after all of its output has been handed on, exceptionally if the command could not be run or
     *     the connection to it broke
     */
    CompletionStage<Integer> exitCode();

    /** Lets go of it: the client has gone. What runs may go on. Idempotent. */
    void close();

    /** Runs a command whose container has been found. */
    @FunctionalInterface
    interface Starter {
        /**
         * Runs it, once.
         *
         * @param output receives what it prints, from now on
         */
        CompletionStage<Session> start(Output output);
    }

    /** Connects to ports of a pod that has been found. */
    @FunctionalInterface
    interface Dialer {
        /**
         * Connects to a port.
         *
         * @param port 1 to 65535
         * @param received takes what comes from there, from now on
         * @return completes with the way there
         */
        CompletionStage<ByteSink> dial(int port, ByteSink received);
    }
}
