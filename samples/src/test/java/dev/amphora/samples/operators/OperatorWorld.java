package dev.amphora.samples.operators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amphora.Cluster;
import dev.amphora.runtime.fake.FakeRuntime;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.crdv2.generator.CRDGenerator;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/** A cluster that operators work in, as it is seen by its administrator. */
final class OperatorWorld implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    static {
        // They tell at length of what is refused, and of ends that are asked for.
        System.setProperty("org.slf4j.simpleLogger.log.io.javaoperatorsdk", "off");
        System.setProperty("org.slf4j.simpleLogger.log.io.kubernetes.client.informer", "off");
    }

    final Cluster cluster = Cluster.builder()
            .store(new MemoryStore())
            .node("worker-1", new FakeRuntime())
            .serve(0)
            .start();
    final KubernetesClient admin = cluster.client();
    private final GuestbookHooks hooks = new GuestbookHooks();
    private final List<KubernetesClient> clients = new ArrayList<>();

    OperatorWorld() {
        hooks.register(admin);
    }

    /** A namespace of a test's own. */
    String namespace(String name) {
        admin.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .endMetadata()
                        .build())
                .create();
        return name;
    }

    /** A client over HTTPS, closed with this world. */
    KubernetesClient client(Config config) {
        KubernetesClient client =
                new KubernetesClientBuilder().withConfig(config).build();
        clients.add(client);
        return client;
    }

    String kubeconfig() {
        return cluster.endpoint().orElseThrow().kubeconfig();
    }

    /** The definition that the generator makes of a class, as YAML. */
    static String definition(Class<? extends HasMetadata> type) {
        ByteArrayOutputStream made = new ByteArrayOutputStream();
        new CRDGenerator()
                .withOutput(new CRDGenerator.AbstractCRDOutput<ByteArrayOutputStream>() {
                    @Override
                    protected ByteArrayOutputStream createStreamFor(String name) throws IOException {
                        return made;
                    }
                })
                .withParallelGenerationEnabled(false)
                .customResourceClasses(List.of(type))
                .forCRDVersions("v1")
                .generate();
        return made.toString(StandardCharsets.UTF_8);
    }

    static InputStream stream(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Creates the definition of guestbooks. */
    void define() {
        admin.load(stream(definition(Guestbook.class))).create();
    }

    void createBook(String namespace, String name) {
        admin.resource(Guestbook.of(namespace, name, "Hello", 2)).create();
    }

    void changePages(String namespace, String name, int pages) {
        book(namespace, name).edit(book -> {
            book.getSpec().pages = pages;
            return book;
        });
    }

    /** What happens to a guestbook "visitors" of two pages whose operator works. */
    void livesItsLife(String namespace, String finalizer) {
        awaitWritten(namespace, "visitors", 2);
        assertThat(pages(namespace, "visitors")).extracting(Pages::name).containsExactly("visitors-0", "visitors-1");
        assertThat(book(namespace, "visitors").get().getMetadata().getFinalizers())
                .containsExactly(finalizer);

        assertThat(book(namespace, "visitors").get().getMetadata().getLabels())
                .as("what the webhook adds")
                .containsEntry(GuestbookHooks.LABEL, "yes");
        assertThat(hooks.asked).contains("kubernetes-admin");
        assertThatThrownBy(() -> admin.resource(Guestbook.of(namespace, "trap", GuestbookHooks.UNWELCOME, 1))
                        .create())
                .hasMessageContaining(
                        "admission webhook \"check.guestbooks.amphora.dev\" denied the request: that frightens guests");

        changePages(namespace, "visitors", 3);
        awaitWritten(namespace, "visitors", 3);
        admin.configMaps().inNamespace(namespace).withName("visitors-1").delete();
        await("the page is written anew", () -> pages(namespace, "visitors").size() == 3);

        book(namespace, "visitors").delete();
        await(
                "the guestbook is gone, like its pages",
                () -> book(namespace, "visitors").get() == null
                        && pages(namespace, "visitors").isEmpty());
    }

    Resource<Guestbook> book(String namespace, String name) {
        return admin.resources(Guestbook.class).inNamespace(namespace).withName(name);
    }

    List<ConfigMap> pages(String namespace, String book) {
        return admin.configMaps()
                .inNamespace(namespace)
                .withLabel(Pages.LABEL, book)
                .list()
                .getItems();
    }

    /** Waits until the status of a guestbook tells of so many pages for its present generation. */
    void awaitWritten(String namespace, String name, int pages) {
        await(name + " has " + pages + " pages", () -> {
            Guestbook book = book(namespace, name).get();
            Guestbook.Status status = book == null ? null : book.getStatus();
            return status != null
                    && status.written != null
                    && status.written == pages
                    && book.getMetadata().getGeneration().equals(status.observedGeneration);
        });
    }

    void await(String what, BooleanSupplier condition) {
        cluster.await(what, PATIENCE, condition);
    }

    @Override
    public void close() {
        clients.forEach(KubernetesClient::close);
        cluster.close();
        hooks.close();
    }
}
