package dev.amphora.tck;

import dev.amphora.kubelet.ContainerRuntime;
import dev.amphora.runtime.fake.ContainerBehavior;
import dev.amphora.runtime.fake.ContainerBehavior.ExecAnswer;
import dev.amphora.runtime.fake.FakeRuntime;
import dev.amphora.runtime.fake.ImageBehavior;
import java.time.Duration;
import java.util.List;

/** The fake runtime in the terms of the contract. */
abstract class FakeRuntimeContract extends ContainerRuntimeContract {
    private final FakeRuntime fake = new FakeRuntime();

    @Override
    protected ContainerRuntime newRuntime() {
        return fake.image(unobtainableImage(), ImageBehavior.fails("not found"));
    }

    @Override
    protected Program runsForEver() {
        return program("tck/runs", ContainerBehavior.runs().exec(FakeRuntimeContract::answer));
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
            case "exit" -> ExecAnswer.of(Integer.parseInt(argument), "");
            default -> new ExecAnswer(0, "", "", Duration.ofSeconds(Long.parseLong(argument)), null);
        };
    }
}
