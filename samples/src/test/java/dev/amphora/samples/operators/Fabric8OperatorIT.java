package dev.amphora.samples.operators;

import static dev.amphora.samples.operators.Rights.may;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** An operator on fabric8's informers works here, with a definition that fabric8's generator makes of a class. */
class Fabric8OperatorIT {
    private static final String FINALIZER = Guestbook.GROUP + "/pages";
    private static final String UNFINISHED = "[{\"op\": \"remove\", \"path\": \"/metadata/finalizers\"}]";

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

    /** Writes the pages of each guestbook of a namespace, from what two informers see. */
    private static final class GuestbookOperator implements AutoCloseable {
        final Queue<String> failures = new ConcurrentLinkedQueue<>();
        private final ScheduledExecutorService worker = Executors.newSingleThreadScheduledExecutor();
        private final KubernetesClient client;
        private final SharedIndexInformer<Guestbook> books;
        private final SharedIndexInformer<ConfigMap> pages;

        GuestbookOperator(KubernetesClient client, String namespace) {
            this.client = client;
            books = client.resources(Guestbook.class).inNamespace(namespace).runnableInformer(0);
            pages = client.configMaps()
                    .inNamespace(namespace)
                    .withLabel(Pages.LABEL)
                    .runnableInformer(0);
            books.addEventHandler(new Handler<>());
            pages.addEventHandler(new Handler<>());
            books.run();
            pages.run();
        }

        /** Has all guestbooks looked after whenever something changed. */
        private final class Handler<T> implements ResourceEventHandler<T> {
            @Override
            public void onAdd(T object) {
                worker.execute(GuestbookOperator.this::reconcileAll);
            }

            @Override
            public void onUpdate(T before, T after) {
                worker.execute(GuestbookOperator.this::reconcileAll);
            }

            @Override
            public void onDelete(T object, boolean unknown) {
                worker.execute(GuestbookOperator.this::reconcileAll);
            }
        }

        private void reconcileAll() {
            for (Guestbook book : books.getStore().list()) {
                try {
                    reconcile(book);
                } catch (KubernetesClientException e) {
                    failures.add(String.valueOf(e.getMessage()));
                    worker.schedule(this::reconcileAll, 200, TimeUnit.MILLISECONDS);
                }
            }
        }

        private void reconcile(Guestbook book) {
            List<ConfigMap> there = pages.getStore().list().stream()
                    .filter(page -> book.getMetadata()
                            .getName()
                            .equals(page.getMetadata().getLabels().get(Pages.LABEL)))
                    .toList();
            boolean finalized = book.getMetadata().getFinalizers().contains(FINALIZER);
            if (book.isMarkedForDeletion()) {
                there.forEach(page -> client.resource(page).delete());
                if (finalized && there.isEmpty()) {
                    client.resource(book).patch(PatchContext.of(PatchType.JSON), UNFINISHED);
                }
                return;
            }
            if (!finalized) {
                client.resource(book)
                        .patch(
                                PatchContext.of(PatchType.JSON_MERGE),
                                "{\"metadata\": {\"finalizers\": [\"" + FINALIZER + "\"]}}");
                return;
            }
            Pages.write(client, book, there);
            Guestbook next = Guestbook.of(
                    book.getMetadata().getNamespace(), book.getMetadata().getName(), "Unused", 1);
            next.getMetadata().setResourceVersion(book.getMetadata().getResourceVersion());
            next.setStatus(
                    Guestbook.Status.of(book.getSpec().pages, book.getMetadata().getGeneration()));
            boolean told = book.getStatus() != null
                    && book.getMetadata().getGeneration().equals(book.getStatus().observedGeneration);
            if (!told) {
                client.resource(next).updateStatus();
            }
        }

        @Override
        public void close() {
            books.close();
            pages.close();
            worker.shutdownNow();
        }
    }

    @Test
    void worksWithinTheProcess() {
        String namespace = world.namespace("fabric8-inside");
        try (GuestbookOperator operator = new GuestbookOperator(world.admin, namespace)) {
            world.createBook(namespace, "visitors");
            world.livesItsLife(namespace, FINALIZER);
            assertThat(operator.failures).noneMatch(failure -> failure.contains("forbidden"));
        }
    }

    @Test
    void worksOverHttpsWithNoMoreRightsThanItNeeds() {
        String namespace = world.namespace("fabric8-https");
        Rights rights = Rights.of(world.admin, namespace, "guestbook-writer")
                .allow(
                        may(Guestbook.GROUP, "guestbooks", "list,watch,patch"),
                        may(Guestbook.GROUP, "guestbooks/status", "update"),
                        may("", "configmaps", "list,watch,create,patch"));
        KubernetesClient client = world.client(rights.config(world.kubeconfig()));
        try (GuestbookOperator operator = new GuestbookOperator(client, namespace)) {
            world.createBook(namespace, "visitors");
            world.awaitWritten(namespace, "visitors", 2);
            world.changePages(namespace, "visitors", 1);
            world.await("a page can't be removed", () -> operator.failures.stream()
                    .anyMatch(failure -> failure.contains("cannot delete resource \"configmaps\"")));
            assertThat(world.pages(namespace, "visitors")).hasSize(2);

            rights.allow(
                    may(Guestbook.GROUP, "guestbooks", "list,watch,patch"),
                    may(Guestbook.GROUP, "guestbooks/status", "update"),
                    may("", "configmaps", "list,watch,create,patch,delete"));
            world.awaitWritten(namespace, "visitors", 1);
            world.changePages(namespace, "visitors", 2);
            world.livesItsLife(namespace, FINALIZER);
        }
    }

    @Test
    void holdsObjectsToTheGeneratedSchema() {
        String namespace = world.namespace("fabric8-schema");
        Guestbook made = world.admin
                .resource(Guestbook.of(namespace, "a", "Hello", null))
                .create();
        assertThat(made.getSpec().pages).as("by default").isEqualTo(1);
        assertThatThrownBy(() -> world.admin
                        .resource(Guestbook.of(namespace, "b", "hello", 12))
                        .create())
                .isInstanceOfSatisfying(KubernetesClientException.class, e -> assertThat(
                                e.getStatus().getDetails().getCauses())
                        .extracting("field")
                        .contains("spec.greeting", "spec.pages"));
        assertThatThrownBy(() -> world.admin
                        .resource(Guestbook.of(namespace, "c", "Short", 7))
                        .create())
                .isInstanceOf(KubernetesClientException.class)
                .hasMessageContaining("a short greeting fills few pages");
    }
}
