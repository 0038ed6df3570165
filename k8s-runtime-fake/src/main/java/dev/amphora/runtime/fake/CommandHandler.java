package dev.amphora.runtime.fake;

import java.nio.charset.StandardCharsets;

/**
 * Plays a command in a container, as {@code kubectl exec} runs it, or the container's own process for whoever attaches to it.
 *
 * <pre>{@code
 * ContainerBehavior.runs().command("greet", console -> console.print("who?\n")
 *         .onInput(name -> console.print("hello " + new String(name, UTF_8)).exit(0)))
 * }</pre>
 */
@FunctionalInterface
public interface CommandHandler {

    /**
     * Begins. Runs on the runtime's actor, as do all the console's callbacks: it must not block. The command goes on until
     * {@link Console#exit}.
     *
     * @param console its streams
     */
    void run(Console console);

    /** Prints its input. */
    static CommandHandler cat() {
        return console -> console.onInput(console::write).onInputEnd(() -> console.exit(0));
    }

    /** Prints its arguments. */
    static CommandHandler echo() {
        return console -> {
            String words = String.join(
                    " ", console.command().subList(1, console.command().size()));
            console.write((words + "\n").getBytes(StandardCharsets.UTF_8)).exit(0);
        };
    }
}
