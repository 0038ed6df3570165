package dev.amphora.tck;

import dev.amphora.api.ResourceType;
import dev.amphora.client.Client;
import dev.amphora.client.LeaderElector;
import dev.amphora.controller.Controller;
import dev.amphora.controller.ElectedControllers;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.SimulatedKernel;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Several instances of the same controllers that elect a leader, on machines whose clocks disagree, which stand still, lose the
 * network, end and crash. Whoever writes without being the leader is found out.
 *
 * <p>What a Lease can't prevent isn't tried: a request that leaves in time and arrives more than
 * {@code leaseDuration - renewDeadline} later.
 */
public final class Rivals implements AutoCloseable {
    private static final String NAMESPACE = "kube-system";
    private static final String LEASE = "rivals";

    private final SimulatedKernel kernel;
    private final Client client;
    private final Supplier<? extends List<? extends Controller>> controllers;
    private final Actor fate;
    private final List<Instance> instances = new ArrayList<>();
    private final List<String> violations = new ArrayList<>();
    private @Nullable String lastWriter;
    private int pace = 1;
    private int born;
    private int writes;
    private int turns;

    private final class Instance {
        final String identity;
        final SimulatedMachine machine;
        final DisturbedClient line;
        final ElectedControllers controllers;

        Instance() {
            RandomGenerator random = kernel.random();
            identity = "rival-" + ++born;
            machine = new SimulatedMachine(
                    kernel, Duration.ofSeconds(random.nextLong(-3600, 3601)), random.nextDouble(-0.01, 0.01));
            line = new DisturbedClient(
                    client,
                    kernel,
                    Disturbance.none().withFailures(0.05).withLostAnswers(0.05),
                    (verb, object, name, isEvent) -> written(identity, verb, object, name));
            controllers =
                    new ElectedControllers(machine, line.client(), settings(identity), Rivals.this.controllers).start();
        }
    }

    /**
     * Rivals that have not started.
     *
     * @param kernel the world's
     * @param client with all the rights of the controllers, and those to read and write Leases in {@code kube-system}
     * @param controllers makes the controllers of an instance, anew each time it is elected
     */
    public Rivals(SimulatedKernel kernel, Client client, Supplier<? extends List<? extends Controller>> controllers) {
        this.kernel = kernel;
        this.client = client;
        this.controllers = controllers;
        this.fate = kernel.actor("fate");
    }

    /**
     * Lets leases and troubles last so many times as long: for controllers that do something once in a day. Called before
     * {@link #start}.
     */
    public Rivals slowly(int factor) {
        pace = factor;
        return this;
    }

    private LeaderElector.Settings settings(String identity) {
        LeaderElector.Settings usual = LeaderElector.Settings.of(NAMESPACE, LEASE, identity);
        return new LeaderElector.Settings(
                NAMESPACE,
                LEASE,
                identity,
                usual.leaseDuration().multipliedBy(pace),
                usual.renewDeadline().multipliedBy(pace),
                usual.retryPeriod().multipliedBy(pace),
                usual.releaseOnClose());
    }

    /** Starts some instances. */
    public Rivals start(int count) {
        for (int i = 0; i < count; i++) {
            instances.add(new Instance());
        }
        return this;
    }

    /** Lets things go wrong at random from now on, one every ten seconds on average, until {@link #peace}. */
    public void trouble() {
        fate.schedule(Duration.ofMillis(kernel.random().nextLong(20_000)).multipliedBy(pace), () -> {
            strike();
            trouble();
        });
    }

    /** Ends all trouble: every machine runs, and is connected. */
    public void peace() {
        fate.close();
        for (Instance each : instances) {
            each.machine.pause(false);
            each.line.connect(true);
        }
    }

    private void strike() {
        RandomGenerator random = kernel.random();
        int chosen = random.nextInt(instances.size());
        Instance instance = instances.get(chosen);
        Duration span = Duration.ofMillis(random.nextLong(40_000)).multipliedBy(pace);
        switch (random.nextInt(6)) {
            case 0, 1 -> {
                instance.machine.pause(true);
                fate.schedule(span, () -> instance.machine.pause(false));
            }
            case 2, 3 -> {
                instance.line.connect(false);
                fate.schedule(span, () -> instance.line.connect(true));
            }
            case 4 -> {
                instance.machine.pause(false);
                instance.controllers.close();
                instances.set(chosen, new Instance());
            }
            default -> {
                instance.line.die();
                instance.machine.close();
                instances.set(chosen, new Instance());
            }
        }
    }

    private void written(String identity, String verb, Object object, String name) {
        String kind = object instanceof HasMetadata made ? made.getKind() : ((ResourceType<?>) object).kind();
        if (kind.equals("Lease") && name.equals(LEASE)) {
            return;
        }
        writes++;
        if (!identity.equals(lastWriter)) {
            turns++;
            lastWriter = identity;
        }
        String holder = client.get(ResourceType.of(Lease.class), NAMESPACE, LEASE)
                .getSpec()
                .getHolderIdentity();
        if (!identity.equals(holder)) {
            violations.add(kernel.instant() + ": " + identity + " did " + verb + " " + kind + " " + name + ", though "
                    + holder + " leads");
        }
    }

    /** The writes of those who did not lead; none is as it should be. */
    public List<String> violations() {
        return List.copyOf(violations);
    }

    /** How many writes there were. */
    public int writes() {
        return writes;
    }

    /** How often another instance wrote than before. */
    public int turns() {
        return turns;
    }

    /** How many instances believe that they lead. */
    public long leaders() {
        return instances.stream().filter(each -> each.controllers.isLeading()).count();
    }

    /** Ends them all. */
    @Override
    public void close() {
        fate.close();
        for (Instance each : instances) {
            each.controllers.close();
            each.line.die();
            each.machine.close();
        }
    }
}
