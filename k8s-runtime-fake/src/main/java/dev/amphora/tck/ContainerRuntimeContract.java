package dev.amphora.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amphora.kernel.Kernel;
import dev.amphora.kubelet.ContainerRuntime;
import dev.amphora.kubelet.ContainerRuntime.ContainerConfig;
import dev.amphora.kubelet.ContainerRuntime.ContainerState;
import dev.amphora.kubelet.ContainerRuntime.ContainerStatus;
import dev.amphora.kubelet.ContainerRuntime.Context;
import dev.amphora.kubelet.ContainerRuntime.DnsConfig;
import dev.amphora.kubelet.ContainerRuntime.ExecResult;
import dev.amphora.kubelet.ContainerRuntime.ExecTimeoutException;
import dev.amphora.kubelet.ContainerRuntime.LogLine;
import dev.amphora.kubelet.ContainerRuntime.LogOptions;
import dev.amphora.kubelet.ContainerRuntime.Namespaces;
import dev.amphora.kubelet.ContainerRuntime.PodState;
import dev.amphora.kubelet.ContainerRuntime.Resources;
import dev.amphora.kubelet.ContainerRuntime.SandboxConfig;
import dev.amphora.kubelet.ContainerRuntime.SandboxStatus;
import dev.amphora.kubelet.ContainerRuntime.Security;
import dev.amphora.stream.ByteSink;
import dev.amphora.stream.Output;
import dev.amphora.stream.Session;
import dev.amphora.stream.Streams;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What every {@link ContainerRuntime} must do: what a kubelet relies on.
 *
 * <p>Extend it, say how a kernel and a runtime are made, describe a few programs in the runtime's own terms, and run it with JUnit 5.
 * Each test gets a runtime of its own, for a node of its own; what it leaves is removed.
 */
public abstract class ContainerRuntimeContract {
    private final List<String> sandboxes = new ArrayList<>();
    private final Map<String, CompletableFuture<Void>> changes = new LinkedHashMap<>();
    private @Nullable Kernel kernel;
    private @Nullable ContainerRuntime runtime;
    private int pods;

    /** For subclasses. */
    protected ContainerRuntimeContract() {}

    /**
     * Something that a container can run.
     *
     * @param image present or to be pulled
     * @param command replaces the image's entry point unless empty
     */
    public record Program(String image, List<String> command) {}

    /** A kernel for one test; closed after it. */
    protected abstract Kernel newKernel();

    /** A runtime for one test that has not been started; closed after it. */
    protected abstract ContainerRuntime newRuntime();

    /** Runs until it is told to stop, and then ends at once, with whatever code. */
    protected abstract Program runsForEver();

    /** Runs for ever and ignores the stop signal. */
    protected abstract Program ignoresStop();

    /** Ends by itself with a code from 0 to 255, a moment after its start that is less than a second. */
    protected abstract Program exits(int code);

    /** Prints lines, first to its standard output, then to its standard error, and ends with code 0. */
    protected abstract Program prints(List<String> out, List<String> err);

    /** Takes more memory than the limit of 16 MiB that it is given, and is ended for it; null if this cannot be had. */
    protected abstract @Nullable Program exhaustsMemory();

    /** Cannot be started, though its image is there. */
    protected abstract Program cannotStart();

    /** A command that prints a word on standard output, when run in the container of {@link #runsForEver}. */
    protected abstract List<String> commandThatPrints(String word);

    /** A command that ends with a code, when run in the container of {@link #runsForEver}. */
    protected abstract List<String> commandThatExits(int code);

    /** A command that takes at least ten seconds, when run in the container of {@link #runsForEver}. */
    protected abstract List<String> commandThatTakesLong();

    /** A command that prints its input and ends with it, when run in the container of {@link #runsForEver}. */
    protected abstract List<String> commandThatCopiesItsInput();

    /** A command that prints a word on standard output and another on standard error, when run in the container of {@link #runsForEver}. */
    protected abstract List<String> commandThatPrintsOnBoth(String out, String err);

    /** Prints a line about two seconds after its start, and ends with code 3 a moment later. */
    protected abstract Program printsLate(String line);

    /** Runs for ever and answers each TCP connection to a port with a text, then ends it; null if there are no sockets. */
    protected abstract @Nullable Program answers(int port, String text);

    /** The name of an image that no pull can fetch. */
    protected abstract String unobtainableImage();

    /** How long to wait for what must happen, on the kernel's clock: 30 s unless overridden. */
    protected Duration patience() {
        return Duration.ofSeconds(30);
    }

    @BeforeEach
    final void startRuntime() {
        kernel = newKernel();
        runtime = newRuntime();
        runtime.start(new Context(kernel, "tck-node", "127.200.0.0/24", this::podChanged));
    }

    @AfterEach
    final void closeRuntime() {
        try {
            if (runtime != null) {
                for (String sandbox : sandboxes) {
                    await(runtime().removeSandbox(sandbox));
                }
                runtime.close();
            }
        } finally {
            if (kernel != null) {
                kernel.close();
            }
        }
    }

    /** The runtime under test, for further tests of a subclass. */
    protected final ContainerRuntime runtime() {
        if (runtime == null) {
            throw new IllegalStateException("no test is running");
        }
        return runtime;
    }

    /** Waits for an outcome, for further tests of a subclass. */
    protected final <T extends @Nullable Object> T await(CompletionStage<T> stage) {
        return new Deadline(patience()).await(kernel(), "outcome", stage, stage::toString);
    }

    /** A pod that no other test has, for further tests of a subclass. */
    protected final SandboxConfig newPod() {
        return pod(kernel().newUid(), 0);
    }

    /** Runs a sandbox, removed when the test ends, for further tests of a subclass. */
    protected final SandboxStatus run(SandboxConfig pod) {
        SandboxStatus sandbox = await(runtime().runSandbox(pod));
        sandboxes.add(sandbox.id());
        return sandbox;
    }

    /** What a container of a program is made from, for further tests of a subclass. */
    protected final ContainerConfig container(String name, int attempt, Program program, Resources resources) {
        ContainerRuntime.Image image = await(runtime().imageStatus(program.image()));
        String imageId = image == null ? await(runtime().pullImage(program.image(), null)) : image.id();
        return new ContainerConfig(
                name,
                attempt,
                program.image(),
                imageId,
                program.command(),
                List.of(),
                null,
                List.of(),
                List.of(),
                resources,
                Security.DEFAULTS,
                false,
                false,
                false,
                null,
                Map.of());
    }

    /** Makes and starts a container and gives its id, for further tests of a subclass. */
    protected final String start(SandboxConfig pod, SandboxStatus sandbox, Program program) {
        String id = create(pod, sandbox, "main", 0, program);
        await(runtime().startContainer(id));
        return id;
    }

    /** Waits, listening for changes, until a pod's container is as it should be, for further tests of a subclass. */
    protected final ContainerStatus awaitContainer(
            SandboxConfig pod, String id, String what, Predicate<ContainerStatus> condition) {
        while (true) {
            CompletableFuture<Void> change = nextChange(pod.uid());
            PodState state = await(runtime().pod(pod.uid()));
            for (ContainerStatus status : state.containers()) {
                if (status.id().equals(id) && condition.test(status)) {
                    return status;
                }
            }
            new Deadline(patience())
                    .await(kernel(), "change of the pod until its container " + what, change, state::toString);
        }
    }

    // Sandboxes

    @Test
    final void tellsWhatItIs() {
        assertThat(await(runtime().version())).satisfies(version -> {
            assertThat(version.name()).isNotEmpty();
            assertThat(version.version()).isNotEmpty();
        });
    }

    @Test
    final void runsASandboxWithAnAddress() {
        SandboxConfig pod = newPod();

        SandboxStatus sandbox = run(pod);

        assertThat(sandbox.ready()).isTrue();
        assertThat(sandbox.ip()).isNotNull();
        assertThat(sandbox.namespace()).isEqualTo(pod.namespace());
        assertThat(sandbox.name()).isEqualTo(pod.name());
        assertThat(sandbox.uid()).isEqualTo(pod.uid());
        assertThat(sandbox.attempt()).isZero();
        assertThat(await(runtime().sandboxes())).containsExactly(sandbox);
        assertThat(await(runtime().pod(pod.uid()))).isEqualTo(new PodState(List.of(sandbox), List.of()));
    }

    @Test
    final void runsTheSameSandboxOnce() {
        SandboxConfig pod = newPod();
        SandboxStatus first = run(pod);

        SandboxStatus again = run(pod);

        assertThat(again).isEqualTo(first);
        assertThat(await(runtime().sandboxes())).hasSize(1);
    }

    @Test
    final void givesEachSandboxItsOwnAddress() {
        SandboxStatus one = run(newPod());
        SandboxStatus other = run(newPod());

        assertThat(one.ip()).isNotEqualTo(other.ip());
        assertThat(one.id()).isNotEqualTo(other.id());
    }

    @Test
    final void stopsASandboxWithItsContainers() {
        SandboxConfig pod = newPod();
        SandboxStatus sandbox = run(pod);
        String container = start(pod, sandbox, runsForEver());

        await(runtime().stopSandbox(sandbox.id()));
        await(runtime().stopSandbox(sandbox.id()));

        awaitContainer(pod, container, "has ended", ContainerRuntimeContract::ended);
        PodState state = await(runtime().pod(pod.uid()));
        assertThat(state.sandboxes()).singleElement().satisfies(status -> {
            assertThat(status.id()).isEqualTo(sandbox.id());
            assertThat(status.ready()).isFalse();
        });
    }

    @Test
    final void removesASandboxWithItsContainersThoughTheyRun() {
        SandboxConfig pod = newPod();
        SandboxStatus sandbox = run(pod);
        start(pod, sandbox, runsForEver());

        await(runtime().removeSandbox(sandbox.id()));
        await(runtime().removeSandbox(sandbox.id()));

        assertThat(await(runtime().pod(pod.uid()))).isEqualTo(PodState.NONE);
        assertThat(await(runtime().sandboxes())).isEmpty();
        assertThat(await(runtime().containers(null))).isEmpty();
    }

    @Test
    final void toleratesStoppingAndRemovingWhatWasNever() {
        assertThatCode(() -> {
                    await(runtime().stopSandbox("0123456789abcdef"));
                    await(runtime().removeSandbox("0123456789abcdef"));
                    await(runtime().stopContainer("0123456789abcdef", Duration.ofSeconds(1)));
                    await(runtime().removeContainer("0123456789abcdef"));
                })
                .doesNotThrowAnyException();
    }

    @Test
    final void runsANewSandboxForAPodWhoseSandboxHasEnded() {
        SandboxConfig pod = newPod();
        SandboxStatus first = run(pod);
        await(runtime().stopSandbox(first.id()));
        SandboxConfig again = pod(pod.uid(), 1);

        SandboxStatus second = run(again);
        String container = start(again, second, runsForEver());

        PodState state = await(runtime().pod(pod.uid()));
        assertThat(state.sandboxes()).extracting(SandboxStatus::id).containsExactly(second.id(), first.id());
        assertThat(state.sandboxes()).extracting(SandboxStatus::ready).containsExactly(true, false);
        assertThat(state.containers()).extracting(ContainerStatus::id).containsExactly(container);
    }

    @Test
    final void makesNoContainerInASandboxThatHasEnded() {
        SandboxConfig pod = newPod();
        SandboxStatus sandbox = run(pod);
        await(runtime().stopSandbox(sandbox.id()));
        ContainerConfig config = container("main", 0, runsForEver(), Resources.NONE);

        assertThatThrownBy(() -> {
                    String id = await(runtime().createContainer(sandbox.id(), config, pod));
                    await(runtime().startContainer(id));
                })
                .isInstanceOf(RuntimeException.class);
    }

    // Containers

    @Test
    final void makesAndStartsAContainer() {
        SandboxConfig pod = newPod();
        SandboxStatus sandbox = run(pod);
        Program program = runsForEver();

        String id = create(pod, sandbox, "main", 0, program);

        ContainerStatus made = awaitContainer(pod, id, "is made", status -> true);
        assertThat(made.state()).isEqualTo(ContainerState.CREATED);
        assertThat(made.sandboxId()).isEqualTo(sandbox.id());
        assertThat(made.name()).isEqualTo("main");
        assertThat(made.attempt()).isZero();
        assertThat(made.image()).isEqualTo(program.image());
        assertThat(made.imageId()).isNotEmpty();
        assertThat(made.startedAt()).isNull();
        assertThat(made.finishedAt()).isNull();
        await(runtime().startContainer(id));
        ContainerStatus running = awaitContainer(pod, id, "runs", status -> status.state() == ContainerState.RUNNING);
        assertThat(running.startedAt()).isNotNull().isAfterOrEqualTo(running.createdAt());
        assertThat(running.finishedAt()).isNull();
        assertThat(running.reason()).isEmpty();
        assertThat(await(runtime().containers(sandbox.id()))).containsExactly(running);
        assertThat(await(runtime().containers(null))).containsExactly(running);
    }

    @Test
    final void tellsThatAContainerHasCompleted() {
        SandboxConfig pod = newPod();
        String id = start(pod, run(pod), exits(0));

        ContainerStatus status = awaitContainer(pod, id, "has ended", ContainerRuntimeContract::ended);

        assertThat(status.exitCode()).isZero();
        assertThat(status.reason()).isEqualTo("Completed");
        assertThat(status.startedAt()).isNotNull();
        assertThat(status.finishedAt()).isNotNull().isAfterOrEqualTo(status.startedAt());
    }

    @Test
    final void tellsWithWhichCodeAContainerHasFailed() {
        SandboxConfig pod = newPod();
        String id = start(pod, run(pod), exits(3));

        ContainerStatus status = awaitContainer(pod, id, "has ended", ContainerRuntimeContract::ended);

        assertThat(status.exitCode()).isEqualTo(3);
        assertThat(status.reason()).isEqualTo("Error");
    }

    @Test
    final void keepsTheSandboxWhenAContainerEnds() {
        SandboxConfig pod = newPod();
        SandboxStatus sandbox = run(pod);
        String first = start(pod, sandbox, exits(1));
        awaitContainer(pod, first, "has ended", ContainerRuntimeContract::ended);

        String second = create(pod, sandbox, "main", 1, runsForEver());
        await(runtime().startContainer(second));

        PodState state = await(runtime().pod(pod.uid()));
        assertThat(state.sandboxes()).singleElement().matches(SandboxStatus::ready);
        assertThat(state.containers()).extracting(ContainerStatus::id).containsExactly(second, first);
        assertThat(state.containers()).extracting(ContainerStatus::attempt).containsExactly(1, 0);
    }

    @Test
    final void runsSeveralContainersInOneSandbox() {
        SandboxConfig pod = newPod();
        SandboxStatus sandbox = run(pod);
        String one = create(pod, sandbox, "one", 0, runsForEver());
        String other = create(pod, sandbox, "other", 0, runsForEver());
        await(runtime().startContainer(one));
        await(runtime().startContainer(other));

        await(runtime().stopContainer(one, Duration.ofSeconds(5)));

        awaitContainer(pod, one, "has ended", ContainerRuntimeContract::ended);
        awaitContainer(pod, other, "runs", status -> status.state() == ContainerState.RUNNING);
    }

    @Test
    final void tellsWhyAContainerCannotStart() {
        SandboxConfig pod = newPod();
        SandboxStatus sandbox = run(pod);
        String id = create(pod, sandbox, "main", 0, cannotStart());

        assertThatThrownBy(() -> await(runtime().startContainer(id)))
                .isInstanceOf(RuntimeException.class)
                .extracting(ContainerRuntimeContract::rootMessage)
                .asString()
                .isNotBlank();
        ContainerStatus status = awaitContainer(pod, id, "has ended", ContainerRuntimeContract::ended);
        assertThat(status.exitCode()).isNotZero();
        assertThat(status.reason()).isNotEmpty();
    }

    @Test
    final void stopsAContainer() {
        SandboxConfig pod = newPod();
        String id = start(pod, run(pod), runsForEver());

        await(runtime().stopContainer(id, Duration.ofSeconds(10)));
        await(runtime().stopContainer(id, Duration.ofSeconds(10)));

        ContainerStatus status = awaitContainer(pod, id, "has ended", ContainerRuntimeContract::ended);
        assertThat(Duration.between(status.startedAt(), status.finishedAt())).isLessThan(Duration.ofSeconds(10));
    }

    @Test
    final void killsAContainerThatOutlivesItsGrace() {
        SandboxConfig pod = newPod();
        String id = start(pod, run(pod), ignoresStop());

        await(runtime().stopContainer(id, Duration.ofSeconds(1)));

        ContainerStatus status = awaitContainer(pod, id, "has ended", ContainerRuntimeContract::ended);
        assertThat(status.exitCode()).isEqualTo(137);
        assertThat(status.reason()).isEqualTo("Error");
        assertThat(Duration.between(status.startedAt(), status.finishedAt()))
                .isGreaterThanOrEqualTo(Duration.ofSeconds(1));
    }

    @Test
    final void killsAContainerAtOnceWithoutGrace() {
        SandboxConfig pod = newPod();
        String id = start(pod, run(pod), ignoresStop());

        await(runtime().stopContainer(id, Duration.ZERO));

        assertThat(awaitContainer(pod, id, "has ended", ContainerRuntimeContract::ended)
                        .exitCode())
                .isEqualTo(137);
    }

    @Test
    final void removesAContainerThoughItRuns() {
        SandboxConfig pod = newPod();
        SandboxStatus sandbox = run(pod);
        String id = start(pod, sandbox, runsForEver());

        await(runtime().removeContainer(id));
        await(runtime().removeContainer(id));

        PodState state = await(runtime().pod(pod.uid()));
        assertThat(state.containers()).isEmpty();
        assertThat(state.sandboxes()).singleElement().matches(SandboxStatus::ready);
    }

    @Test
    final void tellsThatAContainerRanOutOfMemory() {
        Program program = exhaustsMemory();
        if (program == null) {
            return;
        }
        SandboxConfig pod = newPod();
        SandboxStatus sandbox = run(pod);
        ContainerConfig config = container("main", 0, program, new Resources(0, 0, 16 << 20, 0));
        String id = await(runtime().createContainer(sandbox.id(), config, pod));
        await(runtime().startContainer(id));

        ContainerStatus status = awaitContainer(pod, id, "has ended", ContainerRuntimeContract::ended);

        assertThat(status.reason()).isEqualTo("OOMKilled");
        assertThat(status.exitCode()).isEqualTo(137);
    }

    // Logs

    @Test
    final void readsTheLogOfAContainerThatHasEnded() {
        SandboxConfig pod = newPod();
        String id = start(pod, run(pod), prints(List.of("one", "two words", "három"), List.of("oops")));
        awaitContainer(pod, id, "has ended", ContainerRuntimeContract::ended);

        List<LogLine> lines = await(log(id, new LogOptions(false, null, null, false)));

        assertThat(lines)
                .filteredOn(line -> !line.stderr())
                .extracting(LogLine::text)
                .containsExactly("one", "two words", "három");
        assertThat(lines).filteredOn(LogLine::stderr).extracting(LogLine::text).containsExactly("oops");
        assertThat(lines).allSatisfy(line -> assertThat(line.time()).isAfter(Instant.EPOCH));
    }

    @Test
    final void readsTheEndOfALog() {
        SandboxConfig pod = newPod();
        String id = start(pod, run(pod), prints(List.of("1", "2", "3", "4"), List.of()));
        awaitContainer(pod, id, "has ended", ContainerRuntimeContract::ended);

        assertThat(await(log(id, new LogOptions(false, 2, null, false))))
                .extracting(LogLine::text)
                .containsExactly("3", "4");
    }

    @Test
    final void followsALogUntilTheContainerEnds() {
        SandboxConfig pod = newPod();
        SandboxStatus sandbox = run(pod);
        String id = create(pod, sandbox, "main", 0, prints(List.of("1", "2"), List.of()));
        await(runtime().startContainer(id));

        assertThat(await(log(id, new LogOptions(true, null, null, false))))
                .extracting(LogLine::text)
                .containsExactly("1", "2");
    }

    @Test
    final void failsToReadTheLogOfAContainerThatWasNever() {
        assertThatThrownBy(() -> await(log("0123456789abcdef", new LogOptions(false, null, null, false))))
                .isInstanceOf(RuntimeException.class);
    }

    // Commands

    @Test
    final void runsACommandInAContainer() {
        SandboxConfig pod = newPod();
        String id = start(pod, run(pod), runsForEver());

        ExecResult printed = await(runtime().exec(id, commandThatPrints("hello"), Duration.ZERO));
        ExecResult failed = await(runtime().exec(id, commandThatExits(4), Duration.ofSeconds(20)));

        assertThat(printed.exitCode()).isZero();
        assertThat(new String(printed.stdout(), StandardCharsets.UTF_8).strip()).isEqualTo("hello");
        assertThat(failed.exitCode()).isEqualTo(4);
    }

    @Test
    final void givesUpACommandThatTakesTooLong() {
        SandboxConfig pod = newPod();
        String id = start(pod, run(pod), runsForEver());

        assertThatThrownBy(() -> await(runtime().exec(id, commandThatTakesLong(), Duration.ofSeconds(1))))
                .satisfies(error -> assertThat(root(error)).isInstanceOf(ExecTimeoutException.class));
    }

    @Test
    final void runsNoCommandInAContainerThatHasEnded() {
        SandboxConfig pod = newPod();
        String id = start(pod, run(pod), exits(0));
        awaitContainer(pod, id, "has ended", ContainerRuntimeContract::ended);

        assertThatThrownBy(() -> await(runtime().exec(id, commandThatPrints("hello"), Duration.ZERO)))
                .isInstanceOf(RuntimeException.class);
    }

    // Streams

    @Test
    final void givesACommandItsInputUntilItEnds() {
        SandboxConfig pod = newPod();
        String id = start(pod, run(pod), runsForEver());
        Heard out = new Heard();

        Session session = await(runtime()
                .exec(
                        id,
                        commandThatCopiesItsInput(),
                        new Streams(true, true, true, false),
                        new Output(out, new Heard())));
        session.stdin().write("one ".getBytes(StandardCharsets.UTF_8));
        session.stdin().write("two".getBytes(StandardCharsets.UTF_8));
        session.stdin().end();

        assertThat(await(session.exitCode())).isZero();
        assertThat(out.text()).isEqualTo("one two");
    }

    @Test
    final void partsWhatACommandPrintsAndTellsItsCode() {
        SandboxConfig pod = newPod();
        String id = start(pod, run(pod), runsForEver());
        Heard out = new Heard();
        Heard err = new Heard();
        Streams streams = new Streams(false, true, true, false);

        Session printed =
                await(runtime().exec(id, commandThatPrintsOnBoth("hello", "sorry"), streams, new Output(out, err)));
        assertThat(await(printed.exitCode())).isZero();
        Session failed = await(runtime().exec(id, commandThatExits(4), streams, new Output(new Heard(), new Heard())));
        assertThat(await(failed.exitCode())).isEqualTo(4);

        assertThat(out.text().strip()).isEqualTo("hello");
        assertThat(err.text().strip()).isEqualTo("sorry");
    }

    @Test
    final void connectsNoCommandInAContainerThatHasEnded() {
        SandboxConfig pod = newPod();
        String id = start(pod, run(pod), exits(0));
        awaitContainer(pod, id, "has ended", ContainerRuntimeContract::ended);
        Streams streams = new Streams(false, true, true, false);
        Output output = new Output(new Heard(), new Heard());

        assertThatThrownBy(() -> await(runtime().exec(id, commandThatPrints("hello"), streams, output)))
                .isInstanceOf(RuntimeException.class);
        assertThatThrownBy(() -> await(runtime().attach(id, streams, output))).isInstanceOf(RuntimeException.class);
    }

    @Test
    final void attachesToAContainerUntilItEnds() {
        SandboxConfig pod = newPod();
        String id = start(pod, run(pod), printsLate("late"));
        Heard out = new Heard();

        Session session =
                await(runtime().attach(id, new Streams(false, true, true, false), new Output(out, new Heard())));

        assertThat(await(session.exitCode())).isZero();
        assertThat(out.text().strip()).isEqualTo("late");
    }

    @Test
    final void connectsToAPortOfAPod() {
        Program server = answers(8080, "hello");
        if (server == null) {
            return;
        }
        SandboxConfig pod = newPod();
        SandboxStatus sandbox = run(pod);
        start(pod, sandbox, server);

        Heard received = new Heard();
        // a server takes a moment before it listens
        for (int attempt = 0; received.text().isEmpty() && attempt < 100; attempt++) {
            received = new Heard();
            try {
                ByteSink link = await(runtime().portForward(sandbox.id(), 8080, received));
                await(received.whenEnded());
                link.end();
            } catch (RuntimeException notYet) {
                await(runtime().exec(sandboxContainer(pod), commandThatPrints(""), Duration.ZERO));
            }
        }

        assertThat(received.text().strip()).isEqualTo("hello");
        assertThatThrownBy(() -> await(runtime().portForward(sandbox.id(), 1, new Heard())))
                .isInstanceOf(RuntimeException.class);
    }

    private String sandboxContainer(SandboxConfig pod) {
        return await(runtime().pod(pod.uid())).containers().get(0).id();
    }

    // Images

    @Test
    final void knowsTheImagesThatAreThere() {
        Program program = runsForEver();
        ContainerConfig config = container("main", 0, program, Resources.NONE);

        ContainerRuntime.Image image = await(runtime().imageStatus(program.image()));

        assertThat(image).isNotNull();
        assertThat(image.id()).isEqualTo(config.imageId());
        assertThat(await(runtime().images()))
                .extracting(ContainerRuntime.Image::id)
                .contains(image.id());
    }

    @Test
    final void tellsWhyAnImageCannotBePulled() {
        assertThat(await(runtime().imageStatus(unobtainableImage()))).isNull();
        assertThatThrownBy(() -> await(runtime().pullImage(unobtainableImage(), null)))
                .isInstanceOf(RuntimeException.class)
                .extracting(ContainerRuntimeContract::rootMessage)
                .asString()
                .isNotBlank();
        assertThatCode(() -> await(runtime().removeImage(unobtainableImage()))).doesNotThrowAnyException();
    }

    // The end

    @Test
    final void refusesToBeStartedTwice() {
        assertThatThrownBy(() -> runtime().start(new Context(kernel(), "other", "127.200.1.0/24", uid -> {})))
                .isInstanceOf(IllegalStateException.class);
    }

    private String create(SandboxConfig pod, SandboxStatus sandbox, String name, int attempt, Program program) {
        ContainerConfig config = container(name, attempt, program, Resources.NONE);
        return await(runtime().createContainer(sandbox.id(), config, pod));
    }

    private SandboxConfig pod(String uid, int attempt) {
        String name = "pod-" + pods++;
        return new SandboxConfig(
                "tck",
                name,
                uid,
                attempt,
                name,
                Namespaces.POD,
                List.of(),
                Map.of("app", "tck"),
                Map.of(),
                DnsConfig.NONE);
    }

    private CompletionStage<List<LogLine>> log(String containerId, LogOptions options) {
        CompletableFuture<List<LogLine>> all = new CompletableFuture<>();
        List<LogLine> lines = new ArrayList<>();
        runtime().logs(containerId, options).subscribe(new Flow.Subscriber<>() {
            @Override
            public void onSubscribe(Flow.Subscription subscription) {
                subscription.request(Long.MAX_VALUE);
            }

            @Override
            public void onNext(LogLine line) {
                lines.add(line);
            }

            @Override
            public void onError(Throwable error) {
                all.completeExceptionally(error);
            }

            @Override
            public void onComplete() {
                all.complete(List.copyOf(lines));
            }
        });
        return all;
    }

    private void podChanged(String uid) {
        CompletableFuture<Void> waiting;
        synchronized (changes) {
            waiting = changes.remove(uid);
        }
        if (waiting != null) {
            waiting.complete(null);
        }
    }

    private CompletableFuture<Void> nextChange(String uid) {
        synchronized (changes) {
            return changes.computeIfAbsent(uid, key -> new CompletableFuture<>());
        }
    }

    private Kernel kernel() {
        if (kernel == null) {
            throw new IllegalStateException("no test is running");
        }
        return kernel;
    }

    private static boolean ended(ContainerStatus status) {
        return status.state() == ContainerState.EXITED;
    }

    private static Throwable root(Throwable error) {
        Throwable root = error;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root;
    }

    private static String rootMessage(Throwable error) {
        return String.valueOf(root(error).getMessage());
    }
}
