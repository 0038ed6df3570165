package dev.amphora.tck;

import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.Client;
import dev.amphora.client.ListOptions;
import dev.amphora.client.Watch;
import dev.amphora.client.Watcher;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A client between which and its server things go wrong, as a {@link Disturbance} says and the kernel's chance decides.
 *
 * <p>Only for simulations: everything happens on the simulated kernel's one thread.
 */
public final class DisturbedClient {
    private static final Set<String> WRITES =
            Set.of("create", "update", "updateStatus", "patch", "delete", "deleteAll", "subresource");

    private final Client client;
    private final Kernel kernel;
    private Disturbance disturbance;
    private final Listener listener;
    private final Actor network;
    private final Set<Line<?>> lines = new LinkedHashSet<>();
    private boolean connected = true;
    private boolean dead;

    /** Hears what reached the server. */
    @FunctionalInterface
    public interface Listener {
        /**
         * A write was done; the caller has not heard of it yet.
         *
         * @param verb the method's name
         * @param object what was written: an object, or the {@link ResourceType} of one that is named by the path
         * @param name its name, or the generated one's prefix
         * @param isEvent whether it is an Event, which nobody depends on
         */
        void written(String verb, Object object, String name, boolean isEvent);
    }

    /**
     * A client on a line that is disturbed.
     *
     * @param client the one that works
     * @param kernel whose chance decides
     * @param disturbance what happens; its crash is the listener's affair
     * @param listener hears of writes that reached the server
     */
    public DisturbedClient(Client client, Kernel kernel, Disturbance disturbance, Listener listener) {
        this.client = client;
        this.kernel = kernel;
        this.disturbance = disturbance;
        this.listener = listener;
        this.network = kernel.actor("network");
    }

    /** The client to work with. */
    public Client client() {
        return (Client) Proxy.newProxyInstance(
                Client.class.getClassLoader(),
                new Class<?>[] {Client.class},
                (proxy, method, arguments) -> call(method, arguments));
    }

    /** Cuts the line, or joins it again: meanwhile every call fails and watches have ended. */
    public void connect(boolean on) {
        connected = on;
        if (!on) {
            for (Line<?> line : List.copyOf(lines)) {
                line.end(StatusException.of(503, "ServiceUnavailable", "the line was cut", null));
            }
        }
    }

    /** Nothing happens to it any more; watches that are open last as long as they would have. */
    void peace() {
        disturbance = Disturbance.none();
    }

    /** Its process has crashed: every call fails from now on, and no watch hears anything. */
    public void die() {
        dead = true;
        List.copyOf(lines).forEach(Line::close);
        network.close();
    }

    @SuppressWarnings("unchecked")
    private Object call(Method method, Object[] arguments) throws Throwable {
        String verb = method.getName();
        if (method.getDeclaringClass() == Object.class || verb.equals("find")) {
            return verb.equals("find")
                    ? found((ResourceType<?>) arguments[0], (String) arguments[1], (String) arguments[2])
                    : method.invoke(this, arguments);
        }
        if (verb.equals("watch")) {
            fail();
            return watch(
                    (ResourceType<HasMetadata>) arguments[0],
                    (String) arguments[1],
                    (ListOptions) arguments[2],
                    (Watcher<HasMetadata>) arguments[3]);
        }
        boolean isWrite = WRITES.contains(verb)
                && !(verb.equals("subresource") && arguments.length == 4)
                && !(arguments[0] instanceof HasMetadata asked
                        && asked.getKind().endsWith("Review")); // nothing is stored
        boolean isEvent = arguments[0] instanceof HasMetadata object
                        && object.getKind().equals("Event")
                || arguments[0] instanceof ResourceType<?> type && type.kind().equals("Event");
        boolean spared = isEvent && !dead && connected;
        if (!spared) {
            delay();
            fail();
        }
        // What is made has no version, and a deletion names a uid: only changes meet conflicts.
        boolean isChange = verb.startsWith("update") || verb.equals("patch");
        if (isChange && !isEvent && happens(disturbance.conflicts())) {
            throw StatusException.conflict("", "things", "x", "somebody else was faster");
        }
        Object result;
        try {
            result = method.invoke(client, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
        if (isWrite) {
            listener.written(verb, arguments[0], name(arguments), isEvent);
        }
        if (!spared) {
            delay();
        }
        if (dead) {
            throw StatusException.internalError("crashed");
        }
        if (isWrite && !isEvent && happens(disturbance.lostAnswers())) {
            throw StatusException.of(504, "Timeout", "the answer was lost", null);
        }
        return result;
    }

    private Object found(ResourceType<?> type, @Nullable String namespace, String name) {
        try {
            return Optional.of(client().get(type, namespace, name));
        } catch (StatusException e) {
            if (e.isNotFound()) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private static String name(Object[] arguments) {
        if (arguments[0] instanceof HasMetadata object) {
            String name = object.getMetadata().getName();
            return name != null ? name : object.getMetadata().getGenerateName() + "*";
        }
        return arguments.length > 2 && arguments[2] instanceof String name ? name : "*";
    }

    private void fail() {
        if (dead) {
            throw StatusException.internalError("crashed");
        }
        if (!connected || happens(disturbance.failures())) {
            throw StatusException.of(503, "ServiceUnavailable", "the server can't be reached", null);
        }
    }

    private boolean happens(double share) {
        return share > 0 && kernel.random().nextDouble() < share;
    }

    private Duration chosenDelay() {
        long longest = disturbance.delay().toMillis();
        // Every other message passes at once, so that order and haste both vary.
        return longest == 0 || kernel.random().nextBoolean()
                ? Duration.ZERO
                : Duration.ofMillis(kernel.random().nextLong(longest + 1));
    }

    private void delay() {
        Duration time = chosenDelay();
        if (!time.isZero() && !dead) {
            CompletableFuture<Boolean> over = new CompletableFuture<>();
            Actor clock = kernel.actor("delay");
            clock.schedule(time, () -> over.complete(true));
            kernel.await(over);
            clock.close();
        }
    }

    private <T extends HasMetadata> Watch watch(
            ResourceType<T> type, @Nullable String namespace, ListOptions options, Watcher<T> watcher) {
        Line<T> line = new Line<>(watcher);
        lines.add(line);
        try {
            line.open = client.watch(type, namespace, options, line);
        } catch (StatusException e) {
            lines.remove(line);
            throw e;
        }
        return line;
    }

    /** A watch on its way: events come late, in order, until it is cut. */
    private final class Line<T extends HasMetadata> implements Watcher<T>, Watch {
        private final Watcher<T> watcher;
        private final Actor mail = kernel.actor("network/watch");
        private Instant last = Instant.EPOCH;
        private @Nullable Watch open;
        private boolean ended;

        Line(Watcher<T> watcher) {
            this.watcher = watcher;
            if (!disturbance.watchLife().isZero()) {
                long average = disturbance.watchLife().toMillis();
                Duration life = Duration.ofMillis(average / 2 + kernel.random().nextLong(average + 1));
                network.schedule(life, () -> end(reason()));
            }
        }

        private @Nullable StatusException reason() {
            return switch (kernel.random().nextInt(3)) {
                case 0 -> null;
                case 1 -> StatusException.expired("too old resource version");
                default -> StatusException.of(500, "InternalError", "the connection was reset", null);
            };
        }

        private void post(Runnable news) {
            Instant due = kernel.instant().plus(chosenDelay());
            last = due.isAfter(last) ? due : last;
            mail.schedule(Duration.between(kernel.instant(), last), () -> {
                if (!ended && !dead) {
                    news.run();
                }
            });
        }

        @Override
        public void onEvent(EventType type, T object) {
            post(() -> watcher.onEvent(type, object));
        }

        @Override
        public void onBookmark(String resourceVersion) {
            post(() -> watcher.onBookmark(resourceVersion));
        }

        @Override
        public void onClose(@Nullable StatusException error) {
            post(() -> end(error));
        }

        void end(@Nullable StatusException error) {
            if (!ended && !dead) {
                close();
                watcher.onClose(error);
            }
        }

        @Override
        public void close() {
            ended = true;
            lines.remove(this);
            mail.close();
            if (open != null) {
                open.close();
            }
        }
    }
}
