package dev.amphora.samples.examples.website;

import dev.amphora.client.LeaderElector;
import dev.amphora.client.RemoteClient;
import dev.amphora.controller.ElectedControllers;
import dev.amphora.kernel.ThreadedKernel;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;

/** Runs the operator as a process of its own, against the cluster of {@code KUBECONFIG}; of several such processes one works. */
public final class Main {
    private Main() {}

    /** Runs until the process is told to end. */
    // guide: main
    public static void main(String[] args) throws InterruptedException {
        ThreadedKernel kernel = new ThreadedKernel();
        RemoteClient client = RemoteClient.ofEnvironment("website-operator");
        WebsiteOperator operator = new WebsiteOperator(ConcurrentHashMap.newKeySet());
        String identity = kernel.newUid();
        ElectedControllers running = new ElectedControllers(
                        kernel,
                        client,
                        LeaderElector.Settings.of("default", "website-operator", identity),
                        () -> List.of(operator.controller()))
                .start();
        new CountDownLatch(1).await();
        running.close();
    }
    // end
}
