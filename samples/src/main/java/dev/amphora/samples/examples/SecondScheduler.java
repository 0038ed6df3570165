package dev.amphora.samples.examples;

import dev.amphora.client.LeaderElector;
import dev.amphora.client.RemoteClient;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.ThreadedKernel;
import dev.amphora.scheduler.DefaultScheduler;
import dev.amphora.scheduler.ElectedScheduler;
import dev.amphora.scheduler.Scheduler;
import java.util.concurrent.CountDownLatch;

/**
 * A scheduler beside the one that a cluster has: it serves the pods that say {@code schedulerName: second}. It runs against any cluster,
 * with the rights of the roles {@code system:kube-scheduler} and {@code system:volume-scheduler}; of several processes one works.
 */
public final class SecondScheduler {
    private SecondScheduler() {}

    /** One candidate. */
    // README: second
    public static ElectedScheduler start(Kernel kernel, RemoteClient client) {
        // the role may use Leases of this name, in any namespace; that of kube-system is the cluster's own scheduler's
        var settings = LeaderElector.Settings.of("default", "kube-scheduler", kernel.newUid());
        var scheduler = new ElectedScheduler(
                settings,
                () -> DefaultScheduler.builder().schedulerName("second").build());
        scheduler.start(new Scheduler.Context(kernel, client));
        return scheduler;
    }
    // end

    /** Runs against the cluster of {@code KUBECONFIG} until the process is told to end. */
    public static void main(String[] args) throws InterruptedException {
        ThreadedKernel kernel = new ThreadedKernel();
        ElectedScheduler scheduler = start(kernel, RemoteClient.ofEnvironment("second-scheduler"));
        Runtime.getRuntime().addShutdownHook(new Thread(scheduler::close)); // gives the Lease back
        new CountDownLatch(1).await();
    }
}
