package dev.amphora;

import dev.amphora.api.StatusException;
import dev.amphora.kernel.Kernel;
import dev.amphora.kubelet.ContainerRuntime.LogLine;
import dev.amphora.kubelet.Kubelet;
import dev.amphora.rest.NodeConnections;
import dev.amphora.stream.Session;
import dev.amphora.stream.Streams;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.function.Supplier;

/** The API server's way to the kubelets of its own process. */
final class LocalNodes implements NodeConnections {
    private final Kernel kernel;
    private final Supplier<List<Kubelet>> nodes;

    LocalNodes(Kernel kernel, Supplier<List<Kubelet>> nodes) {
        this.kernel = kernel;
        this.nodes = nodes;
    }

    @Override
    public boolean reaches(String nodeName) {
        return nodes.get().stream().anyMatch(node -> node.nodeName().equals(nodeName));
    }

    @Override
    public Flow.Publisher<byte[]> log(
            String nodeName, String namespace, String pod, String container, LogOptions options) {
        Kubelet kubelet = node(nodeName);
        Integer tail = options.tailLines() == null ? null : (int) Math.min(Integer.MAX_VALUE, options.tailLines());
        var stage = kubelet.logs(
                namespace,
                pod,
                container.isEmpty() ? null : container,
                options.previous(),
                new dev.amphora.kubelet.ContainerRuntime.LogOptions(
                        options.follow(), tail, options.since(), options.timestamps()));
        Flow.Publisher<LogLine> lines;
        try {
            lines = kernel.await(stage);
        } catch (CompletionException e) {
            if (e.getCause() instanceof StatusException status) {
                throw status;
            }
            throw StatusException.internalError(String.valueOf(e.getCause()));
        }
        long limit = options.limitBytes() == null ? Long.MAX_VALUE : options.limitBytes();
        return subscriber -> lines.subscribe(new Lines(subscriber, options.timestamps(), limit));
    }

    @Override
    public CompletionStage<Session.Starter> exec(
            String nodeName, String namespace, String pod, String container, List<String> command, Streams streams) {
        return node(nodeName).exec(namespace, pod, container, command, streams);
    }

    @Override
    public CompletionStage<Session.Starter> attach(
            String nodeName, String namespace, String pod, String container, Streams streams) {
        return node(nodeName).attach(namespace, pod, container, streams);
    }

    @Override
    public CompletionStage<Session.Dialer> portForward(String nodeName, String namespace, String pod) {
        return node(nodeName).portForward(namespace, pod);
    }

    @Override
    public CompletionStage<Page> page(String nodeName, String method, String path) {
        return node(nodeName)
                .page(method, path)
                .thenApply(page -> new Page(page.status(), page.contentType(), page.body()));
    }

    private Kubelet node(String name) {
        return nodes.get().stream()
                .filter(node -> node.nodeName().equals(name))
                .findFirst()
                .orElseThrow(() -> NodeConnections.unconnected(name));
    }

    /** Turns lines into bytes, up to a limit. */
    private static final class Lines implements Flow.Subscriber<LogLine> {
        private final Flow.Subscriber<? super byte[]> to;
        private final boolean timestamps;
        private long left;
        private boolean over;

        @SuppressWarnings("NullAway.Init")
        private Flow.Subscription subscription;

        Lines(Flow.Subscriber<? super byte[]> to, boolean timestamps, long limit) {
            this.to = to;
            this.timestamps = timestamps;
            this.left = limit;
        }

        @Override
        public void onSubscribe(Flow.Subscription given) {
            subscription = given;
            to.onSubscribe(given);
        }

        @Override
        public void onNext(LogLine line) {
            if (over) {
                return;
            }
            String text = timestamps ? line.time() + " " + line.text() : line.text();
            byte[] bytes = (text.endsWith("\n") ? text : text + "\n").getBytes(StandardCharsets.UTF_8);
            if (bytes.length >= left) {
                over = true;
                to.onNext(Arrays.copyOf(bytes, (int) left));
                subscription.cancel();
                to.onComplete();
                return;
            }
            left -= bytes.length;
            to.onNext(bytes);
        }

        @Override
        public void onError(Throwable failure) {
            if (!over) {
                to.onError(failure);
            }
        }

        @Override
        public void onComplete() {
            if (!over) {
                to.onComplete();
            }
        }
    }
}
