package dev.amphora.samples.operators;

import static dev.amphora.samples.operators.Rights.may;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.javaoperatorsdk.operator.Operator;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.Cleaner;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ControllerConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.DeleteControl;
import io.javaoperatorsdk.operator.api.reconciler.ErrorStatusUpdateControl;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import io.javaoperatorsdk.operator.processing.retry.GradualRetry;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** An operator of the Java Operator SDK works here as in any cluster. */
class JavaOperatorSdkIT {
    private static final String FINALIZER = Guestbook.GROUP + "/pages";

    @SuppressWarnings("NullAway.Init")
    private static OperatorWorld world;

    @BeforeAll
    static void start() {
        world = new OperatorWorld();
        world.define();
    }

    @AfterAll
    static void end() {
        world.close();
    }

    /** Writes the pages of each guestbook. */
    @ControllerConfiguration(name = "guestbooks", finalizerName = FINALIZER)
    @GradualRetry(initialInterval = 100, intervalMultiplier = 1.2, maxInterval = 500, maxAttempts = 1000)
    static final class GuestbookReconciler implements Reconciler<Guestbook>, Cleaner<Guestbook> {
        final Queue<String> failures = new ConcurrentLinkedQueue<>();
        final Queue<String> cleaned = new ConcurrentLinkedQueue<>();

        @Override
        public List<EventSource<?, Guestbook>> prepareEventSources(EventSourceContext<Guestbook> context) {
            return List.of(new InformerEventSource<>(
                    InformerEventSourceConfiguration.from(ConfigMap.class, Guestbook.class)
                            .withLabelSelector(Pages.LABEL)
                            .build(),
                    context));
        }

        @Override
        public UpdateControl<Guestbook> reconcile(Guestbook book, Context<Guestbook> context) {
            Pages.write(context.getClient(), book, List.copyOf(context.getSecondaryResources(ConfigMap.class)));
            Guestbook.Status told = book.getStatus();
            if (told != null && book.getMetadata().getGeneration().equals(told.observedGeneration)) {
                return UpdateControl.noUpdate();
            }
            Guestbook next = Guestbook.named(
                    book.getMetadata().getNamespace(), book.getMetadata().getName());
            next.setStatus(
                    Guestbook.Status.of(book.getSpec().pages, book.getMetadata().getGeneration()));
            return UpdateControl.patchStatus(next);
        }

        @Override
        public ErrorStatusUpdateControl<Guestbook> updateErrorStatus(
                Guestbook book, Context<Guestbook> context, Exception failure) {
            failures.add(String.valueOf(failure.getMessage()));
            return ErrorStatusUpdateControl.noStatusUpdate();
        }

        @Override
        public DeleteControl cleanup(Guestbook book, Context<Guestbook> context) {
            context.getSecondaryResources(ConfigMap.class)
                    .forEach(page -> context.getClient().resource(page).delete());
            cleaned.add(book.getMetadata().getName());
            return DeleteControl.defaultDelete();
        }
    }

    @Test
    void worksWithinTheProcess() {
        String namespace = world.namespace("josdk-inside");
        GuestbookReconciler reconciler = new GuestbookReconciler();
        Operator operator = operator(world.admin, namespace, reconciler);
        try {
            world.createBook(namespace, "visitors");
            world.livesItsLife(namespace, FINALIZER);
            assertThat(reconciler.cleaned).containsExactly("visitors");
        } finally {
            operator.stop();
        }
    }

    @Test
    void worksOverHttpsWithNoMoreRightsThanItNeeds() {
        String namespace = world.namespace("josdk-https");
        Rights rights = Rights.of(world.admin, namespace, "guestbook-operator")
                .allow(
                        may(Guestbook.GROUP, "guestbooks", "get,list,watch,patch"),
                        may("", "configmaps", "list,watch,create,patch,delete"));
        KubernetesClient client = world.client(rights.config(world.kubeconfig()));
        GuestbookReconciler reconciler = new GuestbookReconciler();
        Operator operator = operator(client, namespace, reconciler);
        try {
            world.createBook(namespace, "visitors");
            world.await("the status is refused", () -> reconciler.failures.stream()
                    .anyMatch(failure -> failure.contains(
                            "cannot patch resource \"guestbooks/status\" in API group \"samples.amphora.dev\"")));
            assertThat(world.book(namespace, "visitors").get().getStatus()).isNull();

            rights.allow(
                    may(Guestbook.GROUP, "guestbooks", "get,list,watch,patch"),
                    may(Guestbook.GROUP, "guestbooks/status", "patch"),
                    may("", "configmaps", "list,watch,create,patch,delete"));
            world.livesItsLife(namespace, FINALIZER);
            assertThat(reconciler.cleaned).containsExactly("visitors");
            refusesTheRest(client, namespace);
        } finally {
            operator.stop();
        }
    }

    private static Operator operator(KubernetesClient client, String namespace, GuestbookReconciler reconciler) {
        Operator operator =
                new Operator(options -> options.withKubernetesClient(client).withCloseClientOnStop(false));
        operator.register(reconciler, options -> options.settingNamespace(namespace));
        operator.start();
        return operator;
    }

    private static void refusesTheRest(KubernetesClient client, String namespace) {
        assertThatThrownBy(() -> client.secrets().inNamespace(namespace).list())
                .isInstanceOfSatisfying(KubernetesClientException.class, e -> assertThat(e.getCode())
                        .isEqualTo(403));
        assertThatThrownBy(() -> client.resource(Guestbook.of(namespace, "own", "Hello", 1))
                        .create())
                .isInstanceOfSatisfying(KubernetesClientException.class, e -> assertThat(e.getCode())
                        .isEqualTo(403));
    }
}
