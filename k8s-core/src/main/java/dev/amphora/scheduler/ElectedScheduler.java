package dev.amphora.scheduler;

import dev.amphora.client.LeaderElector;
import io.fabric8.kubernetes.api.model.Node;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One of several schedulers, in different processes, of which one works at a time: the one that holds a Lease. If it ends, or can't
 * renew the Lease, another goes on from what the API server holds.
 *
 * <p>Each time it is elected it starts a new scheduler, whose writes are {@linkplain LeaderElector#fenced fenced}: they are refused from
 * the moment on at which somebody else may lead. Mirrors kube-scheduler's {@code leaderElection}; where that ends its process when it
 * loses the Lease, this stands for election again.
 */
public final class ElectedScheduler implements Scheduler {
    private final LeaderElector.Settings settings;
    private final Supplier<? extends Scheduler> schedulers;
    private @Nullable LeaderElector elector;
    private @Nullable Scheduler running;
    private boolean closed;

    /**
     * A scheduler that stands for election once started.
     *
     * @param settings which Lease, and who this is. The role {@code system:kube-scheduler} may use Leases named {@code kube-scheduler}, in
     *     any namespace
     * @param schedulers gives a new scheduler each time
     */
    public ElectedScheduler(LeaderElector.Settings settings, Supplier<? extends Scheduler> schedulers) {
        this.settings = settings;
        this.schedulers = schedulers;
    }

    @Override
    public synchronized void start(Context context) {
        if (elector != null || closed) {
            throw new IllegalStateException("a scheduler starts once");
        }
        LeaderElector candidate =
                new LeaderElector(context.client(), context.kernel(), settings, new LeaderElector.Callbacks() {
                    @Override
                    public void onStartedLeading() {
                        begin(context);
                    }

                    @Override
                    public void onStoppedLeading() {
                        end();
                    }
                });
        elector = candidate;
        candidate.start();
    }

    /** Whether it leads, as far as it can know. */
    public synchronized boolean isLeading() {
        return elector != null && elector.isLeading();
    }

    /** Tells at once while another one leads. */
    @Override
    public void whenKnown(Node node, Runnable task) {
        Scheduler known;
        synchronized (this) {
            known = running;
        }
        if (known == null) {
            task.run();
        } else {
            known.whenKnown(node, task);
        }
    }

    @Override
    public void close() {
        LeaderElector known;
        synchronized (this) {
            closed = true;
            known = elector;
        }
        if (known != null) {
            known.close();
        }
        end();
    }

    private synchronized void begin(Context context) {
        if (closed || elector == null) {
            return;
        }
        Scheduler scheduler = schedulers.get();
        running = scheduler;
        scheduler.start(new Context(context.kernel(), elector.fenced(context.client())));
    }

    private synchronized void end() {
        Scheduler scheduler = running;
        running = null;
        if (scheduler != null) {
            scheduler.close();
        }
    }
}
