package dev.amphora.runtime.fake;

import dev.amphora.api.Amount;
import dev.amphora.kubelet.ContainerRuntime;
import dev.amphora.kubelet.ProbeTransport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What a container does: a small script. Immutable; each method gives a changed copy.
 *
 * <pre>{@code
 * ContainerBehavior.runs()                                  // starts at once, runs for ever, every probe passes
 * ContainerBehavior.exits(1).after(ofSeconds(2))            // crashes after two seconds, every time
 * ContainerBehavior.exits(1).then(ContainerBehavior.runs()) // crashes once, then runs
 * ContainerBehavior.runs().servesHttp(80, request -> Reply.text("hello"))
 * }</pre>
 *
 * <p>What belongs to one run of a container (delays, exit code, log) may differ from start to start, see {@link #then}; the rest
 * holds for all.
 */
public final class ContainerBehavior {
    private static final ContainerBehavior RUNS = new ContainerBehavior();

    private static final ContainerRuntime.Usage IDLE = new ContainerRuntime.Usage(0, 0);

    private List<Run> runs = List.of(new Run(Duration.ZERO, null, 0, null, "", List.of()));
    private Duration stopDelay = Duration.ZERO;
    private int stopExitCode;
    private boolean ignoresStop;
    private List<String> createErrors = List.of();
    private List<String> startErrors = List.of();
    private Map<String, List<ExecAnswer>> execs = Map.of();
    private @Nullable Function<List<String>, ExecAnswer> anyExec;
    private Map<String, CommandHandler> commands = Map.of();
    private @Nullable CommandHandler attached;
    private boolean refusesUnknownPorts;
    private Duration probesPassAfter = Duration.ZERO;
    private @Nullable Function<ProbeTransport.Target, ProbeTransport.Answer> probes;
    private Map<Integer, Scripted> listeners = Map.of();
    private Map<Integer, TcpHandler> tcp = Map.of();
    private Map<Integer, HttpHandler> http = Map.of();
    private Map<Integer, UdpHandler> udp = Map.of();
    private Function<Duration, ContainerRuntime.Usage> usage = running -> IDLE;

    private ContainerBehavior() {}

    private ContainerBehavior(ContainerBehavior other) {
        runs = other.runs;
        stopDelay = other.stopDelay;
        stopExitCode = other.stopExitCode;
        ignoresStop = other.ignoresStop;
        createErrors = other.createErrors;
        startErrors = other.startErrors;
        execs = other.execs;
        anyExec = other.anyExec;
        commands = other.commands;
        attached = other.attached;
        refusesUnknownPorts = other.refusesUnknownPorts;
        probesPassAfter = other.probesPassAfter;
        probes = other.probes;
        listeners = other.listeners;
        tcp = other.tcp;
        http = other.http;
        udp = other.udp;
        usage = other.usage;
    }

    /**
     * One run of a container.
     *
     * @param startDelay how long starting takes
     * @param duration until it ends by itself, null for never
     * @param exitCode when it ends by itself
     * @param reason of the end, null for {@code Completed} or {@code Error} by the exit code
     * @param terminationMessage what it leaves as its last word
     * @param log what it writes, and when
     */
    record Run(
            Duration startDelay,
            @Nullable Duration duration,
            int exitCode,
            @Nullable String reason,
            String terminationMessage,
            List<Output> log) {}

    /** A line of output at a time after the start. */
    record Output(Duration at, boolean stderr, String text) {}

    /** A port that answers by a script, without a socket. */
    record Scripted(List<Integer> statuses, Duration delay) {}

    /**
     * The answer to a command.
     *
     * @param exitCode 0 to 255
     * @param stdout may be empty
     * @param stderr may be empty
     * @param delay how long it takes
     * @param failure if not null the command cannot be run at all, with this message
     */
    public record ExecAnswer(int exitCode, String stdout, String stderr, Duration delay, @Nullable String failure) {
        /** At once, without error output. */
        public static ExecAnswer of(int exitCode, String stdout) {
            return new ExecAnswer(exitCode, stdout, "", Duration.ZERO, null);
        }
    }

    /** Runs for ever, passes every probe, stops at once with 0 when asked to. */
    public static ContainerBehavior runs() {
        return RUNS;
    }

    /** Ends at once with an exit code, each time it is started. */
    public static ContainerBehavior exits(int exitCode) {
        return RUNS.lastRun(
                run -> new Run(run.startDelay, Duration.ZERO, exitCode, run.reason, run.terminationMessage, run.log));
    }

    /** Is killed for want of memory after a while, each time it is started. */
    public static ContainerBehavior runsOutOfMemoryAfter(Duration duration) {
        return RUNS.lastRun(
                run -> new Run(run.startDelay, duration, 137, "OOMKilled", run.terminationMessage, run.log));
    }

    /** The same, but a run that ends by itself does so after a while. */
    public ContainerBehavior after(Duration duration) {
        return lastRun(
                run -> new Run(run.startDelay, duration, run.exitCode, run.reason, run.terminationMessage, run.log));
    }

    /** The same, but starting takes time. */
    public ContainerBehavior startsAfter(Duration delay) {
        return lastRun(run -> new Run(delay, run.duration, run.exitCode, run.reason, run.terminationMessage, run.log));
    }

    /** The same, but its end has a reason other than {@code Completed} or {@code Error}. */
    public ContainerBehavior because(String reason) {
        return lastRun(
                run -> new Run(run.startDelay, run.duration, run.exitCode, reason, run.terminationMessage, run.log));
    }

    /** The same, but leaving a termination message. */
    public ContainerBehavior leaving(String terminationMessage) {
        return lastRun(
                run -> new Run(run.startDelay, run.duration, run.exitCode, run.reason, terminationMessage, run.log));
    }

    /** The same, writing lines to its standard output as it starts. */
    public ContainerBehavior logs(String... lines) {
        ContainerBehavior changed = this;
        for (String line : lines) {
            changed = changed.logsAt(Duration.ZERO, false, line);
        }
        return changed;
    }

    /** The same, writing one line at a time after its start. */
    public ContainerBehavior logsAt(Duration at, boolean stderr, String line) {
        return lastRun(run -> {
            List<Output> log = new ArrayList<>(run.log);
            log.add(new Output(at, stderr, line));
            return new Run(
                    run.startDelay, run.duration, run.exitCode, run.reason, run.terminationMessage, List.copyOf(log));
        });
    }

    /**
     * The same, but from the next start on its runs go as another behaviour's do.
     *
     * @param next whose runs follow; the rest of it is ignored
     */
    public ContainerBehavior then(ContainerBehavior next) {
        ContainerBehavior changed = new ContainerBehavior(this);
        List<Run> all = new ArrayList<>(runs);
        all.addAll(next.runs);
        changed.runs = List.copyOf(all);
        return changed;
    }

    /** The same, but it takes time to stop, and then ends with an exit code. Beyond the grace period it is killed (137). */
    public ContainerBehavior stopsAfter(Duration delay, int exitCode) {
        ContainerBehavior changed = new ContainerBehavior(this);
        changed.stopDelay = delay;
        changed.stopExitCode = exitCode;
        return changed;
    }

    /** The same, but deaf to the stop signal: it is killed when the grace period ends. */
    public ContainerBehavior ignoresStop() {
        ContainerBehavior changed = new ContainerBehavior(this);
        changed.ignoresStop = true;
        return changed;
    }

    /** The same, but the first attempts to create it fail with these messages. */
    public ContainerBehavior failsToCreate(String... messages) {
        ContainerBehavior changed = new ContainerBehavior(this);
        changed.createErrors = List.of(messages);
        return changed;
    }

    /** The same, but the first attempts to start it fail with these messages, which leaves an ended container each time. */
    public ContainerBehavior failsToStart(String... messages) {
        ContainerBehavior changed = new ContainerBehavior(this);
        changed.startErrors = List.of(messages);
        return changed;
    }

    /**
     * The same with answers to a command, in probes, hooks and {@code kubectl exec}.
     *
     * @param command its words joined by spaces
     * @param answers to the first, second, ... call in one container; the last repeats
     */
    public ContainerBehavior exec(String command, ExecAnswer... answers) {
        ContainerBehavior changed = new ContainerBehavior(this);
        changed.execs = with(execs, command, List.of(answers));
        return changed;
    }

    /** The same with a rule for commands that have no answers of their own; without one they exit with 0 and print nothing. */
    public ContainerBehavior exec(Function<List<String>, ExecAnswer> rule) {
        ContainerBehavior changed = new ContainerBehavior(this);
        changed.anyExec = rule;
        return changed;
    }

    /**
     * The same with a program that commands can run, and talk to: in {@code kubectl exec} with its input, in probes and hooks without.
     *
     * @param program the first word of the command
     * @param handler plays it
     */
    public ContainerBehavior command(String program, CommandHandler handler) {
        ContainerBehavior changed = new ContainerBehavior(this);
        changed.commands = with(commands, program, handler);
        return changed;
    }

    /**
     * The same with a process that clients can attach to, as in {@code kubectl attach}. Without one they see what the container logs.
     *
     * @param handler plays the process for one client
     */
    public ContainerBehavior attached(CommandHandler handler) {
        ContainerBehavior changed = new ContainerBehavior(this);
        changed.attached = handler;
        return changed;
    }

    /**
     * The same with a port that answers network probes by a script, without a socket. Ports without a script or a handler then
     * refuse.
     *
     * @param statuses HTTP statuses of the first, second, ... answer in one container; the last repeats; 200 if none
     */
    public ContainerBehavior answers(int port, Integer... statuses) {
        return answersAfter(Duration.ZERO, port, statuses);
    }

    /** The same with a port that answers network probes by a script and takes its time. */
    public ContainerBehavior answersAfter(Duration delay, int port, Integer... statuses) {
        ContainerBehavior changed = new ContainerBehavior(this);
        changed.listeners =
                with(listeners, port, new Scripted(statuses.length == 0 ? List.of(200) : List.of(statuses), delay));
        changed.refusesUnknownPorts = true;
        return changed;
    }

    /** The same, but a network probe of a port without a script or a handler is refused. */
    public ContainerBehavior refusesUnknownPorts() {
        ContainerBehavior changed = new ContainerBehavior(this);
        changed.refusesUnknownPorts = true;
        return changed;
    }

    /** The same, but network probes and commands without an answer of their own fail until some time after the start. */
    public ContainerBehavior probesPassAfter(Duration delay) {
        ContainerBehavior changed = new ContainerBehavior(this);
        changed.probesPassAfter = delay;
        return changed;
    }

    /** The same, but a function answers every network probe. */
    public ContainerBehavior probes(Function<ProbeTransport.Target, ProbeTransport.Answer> answers) {
        ContainerBehavior changed = new ContainerBehavior(this);
        changed.probes = answers;
        return changed;
    }

    /**
     * The same, really serving TCP at the pod's address while it runs. In a simulation there are no sockets: the container runs,
     * its probes find the port open, and nothing else can reach it.
     */
    public ContainerBehavior servesTcp(int port, TcpHandler handler) {
        ContainerBehavior changed = new ContainerBehavior(this);
        changed.tcp = with(tcp, port, handler);
        return changed;
    }

    /** The same, really serving HTTP at the pod's address while it runs. In a simulation only its probes reach the handler. */
    public ContainerBehavior servesHttp(int port, HttpHandler handler) {
        ContainerBehavior changed = new ContainerBehavior(this);
        changed.http = with(http, port, handler);
        return changed;
    }

    /** The same, really serving UDP at the pod's address while it runs. In a simulation nothing can reach it. */
    public ContainerBehavior servesUdp(int port, UdpHandler handler) {
        ContainerBehavior changed = new ContainerBehavior(this);
        changed.udp = with(udp, port, handler);
        return changed;
    }

    /**
     * The same, using so much of its node while it runs, for metrics to tell.
     *
     * @param cpu as in requests, such as {@code 250m}
     * @param memory as in requests, such as {@code 64Mi}
     */
    public ContainerBehavior uses(String cpu, String memory) {
        ContainerRuntime.Usage always = new ContainerRuntime.Usage(
                Amount.parse(cpu).value().movePointRight(9).longValue(),
                Amount.parse(memory).value().longValue());
        return uses(running -> always);
    }

    /**
     * The same, using so much from a time after its start on; until then as before.
     *
     * @param from since the container has started
     * @param cpu as in requests, such as {@code 250m}
     * @param memory as in requests, such as {@code 64Mi}
     */
    public ContainerBehavior usesFrom(Duration from, String cpu, String memory) {
        Function<Duration, ContainerRuntime.Usage> before = usage;
        Function<Duration, ContainerRuntime.Usage> then = uses(cpu, memory).usage;
        return uses(running -> running.compareTo(from) < 0 ? before.apply(running) : then.apply(running));
    }

    /**
     * The same, using what a function says.
     *
     * @param rule of the time since the container has started
     */
    public ContainerBehavior uses(Function<Duration, ContainerRuntime.Usage> rule) {
        ContainerBehavior changed = new ContainerBehavior(this);
        changed.usage = rule;
        return changed;
    }

    ContainerRuntime.Usage usage(Duration running) {
        return usage.apply(running);
    }

    Run run(int start) {
        return runs.get(Math.min(start, runs.size() - 1));
    }

    Duration stopDelay() {
        return stopDelay;
    }

    int stopExitCode() {
        return stopExitCode;
    }

    boolean deafToStop() {
        return ignoresStop;
    }

    List<String> createErrors() {
        return createErrors;
    }

    List<String> startErrors() {
        return startErrors;
    }

    /** The answer to the n-th call of a command, and what becomes of those that nobody scripted. */
    ExecAnswer execAnswer(List<String> command, int call, Duration sinceStart) {
        List<ExecAnswer> scripted = execs.get(String.join(" ", command));
        if (scripted != null && !scripted.isEmpty()) {
            return scripted.get(Math.min(call, scripted.size() - 1));
        }
        if (anyExec != null) {
            return anyExec.apply(command);
        }
        return ExecAnswer.of(sinceStart.compareTo(probesPassAfter) < 0 ? 1 : 0, "");
    }

    /** Plays a command for a client, whether it is scripted or not. */
    CommandHandler handler(List<String> command, int call, Duration sinceStart) {
        String program = command.isEmpty() ? "" : command.get(0);
        CommandHandler chosen = commands.get(program);
        if (chosen != null) {
            return chosen;
        }
        boolean scripted = execs.containsKey(String.join(" ", command)) || anyExec != null;
        if (!scripted && sinceStart.compareTo(probesPassAfter) >= 0) {
            if (command.equals(List.of("cat"))) {
                return CommandHandler.cat();
            }
            if (program.equals("echo")) {
                return CommandHandler.echo();
            }
        }
        return answering(execAnswer(command, call, sinceStart));
    }

    private static CommandHandler answering(ExecAnswer answer) {
        return console -> console.after(answer.delay(), () -> {
            if (answer.failure() != null) {
                console.fail(answer.failure());
            } else {
                console.print(answer.stdout()).printError(answer.stderr()).exit(answer.exitCode());
            }
        });
    }

    /** The program that a command runs, null if it is none that talks. */
    @Nullable CommandHandler program(List<String> command) {
        return command.isEmpty() ? null : commands.get(command.get(0));
    }

    @Nullable CommandHandler attachedHandler() {
        return attached;
    }

    boolean refusesPort(int port) {
        return refusesUnknownPorts && !listeners.containsKey(port) && !tcp.containsKey(port) && !http.containsKey(port);
    }

    Duration passAfter() {
        return probesPassAfter;
    }

    @Nullable Function<ProbeTransport.Target, ProbeTransport.Answer> probeRule() {
        return probes;
    }

    @Nullable Scripted scripted(int port) {
        return listeners.get(port);
    }

    Map<Integer, TcpHandler> tcp() {
        return tcp;
    }

    Map<Integer, HttpHandler> http() {
        return http;
    }

    Map<Integer, UdpHandler> udp() {
        return udp;
    }

    boolean serves() {
        return !tcp.isEmpty() || !http.isEmpty() || !udp.isEmpty();
    }

    private ContainerBehavior lastRun(UnaryOperator<Run> change) {
        ContainerBehavior changed = new ContainerBehavior(this);
        List<Run> all = new ArrayList<>(runs);
        all.set(all.size() - 1, change.apply(all.get(all.size() - 1)));
        changed.runs = List.copyOf(all);
        return changed;
    }

    private static <K, V> Map<K, V> with(Map<K, V> map, K key, V value) {
        Map<K, V> copy = new LinkedHashMap<>(map);
        copy.put(key, value);
        return Collections.unmodifiableMap(copy);
    }
}
