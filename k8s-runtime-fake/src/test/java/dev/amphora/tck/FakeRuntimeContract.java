package dev.amphora.tck;

import dev.amphora.kubelet.ContainerRuntime;
import dev.amphora.runtime.fake.CommandHandler;
import dev.amphora.runtime.fake.ContainerBehavior;
import dev.amphora.runtime.fake.ContainerBehavior.ExecAnswer;
import dev.amphora.runtime.fake.FakeRuntime;
import dev.amphora.runtime.fake.ImageBehavior;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The fake runtime in the terms of the contract. */
abstract class FakeRuntimeContract extends ContainerRuntimeContract {
    private final FakeRuntime fake = new FakeRuntime();

    @Override
    protected ContainerRuntime newRuntime() {
        return fake.image(unobtainableImage(), ImageBehavior.fails("not found"));
    }

    @Override
    protected Program runsForEver() {
        return program(
                "tck/runs",
                ContainerBehavior.runs().command("cat", CommandHandler.cat()).exec(FakeRuntimeContract::answer));
    }

    @Override
    protected Program ignoresStop() {
        return program("tck/ignores-stop", ContainerBehavior.runs().ignoresStop());
    }

    @Override
    protected Program exits(int code) {
        return program("tck/exits-" + code, ContainerBehavior.exits(code).after(Duration.ofMillis(100)));
    }

    @Override
    protected Program prints(List<String> out, List<String> err) {
        ContainerBehavior behavior = ContainerBehavior.exits(0).logs(out.toArray(String[]::new));
        for (String line : err) {
            behavior = behavior.logsAt(Duration.ZERO, true, line);
        }
        return program("tck/prints", behavior);
    }

    @Override
    protected Program exhaustsMemory() {
        return program("tck/out-of-memory", ContainerBehavior.runsOutOfMemoryAfter(Duration.ofMillis(100)));
    }

    @Override
    protected Program cannotStart() {
        return program("tck/cannot-start", ContainerBehavior.runs().failsToStart("no such file"));
    }

    @Override
    protected List<String> commandThatPrints(String word) {
        return List.of("echo", word);
    }

    @Override
    protected List<String> commandThatExits(int code) {
        return List.of("exit", String.valueOf(code));
    }

    @Override
    protected List<String> commandThatTakesLong() {
        return List.of("sleep", "60");
    }

    @Override
    protected List<String> commandThatCopiesItsInput() {
        return List.of("cat");
    }

    @Override
    protected List<String> commandThatPrintsOnBoth(String out, String err) {
        return List.of("both", out, err);
    }

    @Override
    protected Program printsLate(String line) {
        return program(
                "tck/prints-late",
                ContainerBehavior.exits(3).after(Duration.ofMillis(2500)).logsAt(Duration.ofSeconds(2), false, line));
    }

    @Override
    protected @Nullable Program answers(int port, String text) {
        return hasSockets()
                ? program("tck/answers", ContainerBehavior.runs().servesTcp(port, (in, out) -> {
                    out.write(text.getBytes(StandardCharsets.UTF_8));
                    out.flush();
                }))
                : null;
    }

    /** Whether there are any under the kernel that is used. */
    protected abstract boolean hasSockets();

    @Override
    protected String unobtainableImage() {
        return "tck/unobtainable";
    }

    private Program program(String image, ContainerBehavior behavior) {
        fake.behave(image, behavior);
        return new Program(image, List.of());
    }

    private static ExecAnswer answer(List<String> command) {
        String argument = command.get(1);
        return switch (command.get(0)) {
            case "echo" -> ExecAnswer.of(0, argument);
            case "both" -> new ExecAnswer(0, argument, command.get(2), Duration.ZERO, null);
            case "exit" -> ExecAnswer.of(Integer.parseInt(argument), "");
            default -> new ExecAnswer(0, "", "", Duration.ofSeconds(Long.parseLong(argument)), null);
        };
    }
}
