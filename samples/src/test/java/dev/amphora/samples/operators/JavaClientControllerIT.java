package dev.amphora.samples.operators;

import static dev.amphora.samples.operators.Rights.may;
import static org.assertj.core.api.Assertions.assertThat;

import io.kubernetes.client.common.KubernetesListObject;
import io.kubernetes.client.common.KubernetesObject;
import io.kubernetes.client.common.KubernetesType;
import io.kubernetes.client.custom.V1Patch;
import io.kubernetes.client.extended.controller.Controller;
import io.kubernetes.client.extended.controller.builder.ControllerBuilder;
import io.kubernetes.client.extended.controller.reconciler.Reconciler;
import io.kubernetes.client.extended.controller.reconciler.Request;
import io.kubernetes.client.extended.controller.reconciler.Result;
import io.kubernetes.client.informer.SharedIndexInformer;
import io.kubernetes.client.informer.SharedInformerFactory;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.JSON;
import io.kubernetes.client.openapi.apis.ApiextensionsV1Api;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1ConfigMapList;
import io.kubernetes.client.openapi.models.V1CustomResourceDefinition;
import io.kubernetes.client.openapi.models.V1ListMeta;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.kubernetes.client.openapi.models.V1OwnerReference;
import io.kubernetes.client.util.ClientBuilder;
import io.kubernetes.client.util.KubeConfig;
import io.kubernetes.client.util.credentials.AccessTokenAuthentication;
import io.kubernetes.client.util.generic.GenericKubernetesApi;
import io.kubernetes.client.util.generic.KubernetesApiResponse;
import io.kubernetes.client.util.generic.options.ListOptions;
import java.io.StringReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A controller of the official Java client works here as in any cluster. */
class JavaClientControllerIT {
    private static final String FINALIZER = Guestbook.GROUP + "/pages";

    @SuppressWarnings("NullAway.Init")
    private static OperatorWorld world;

    @BeforeAll
    static void start() throws Exception {
        world = new OperatorWorld();
        ApiClient admin = ClientBuilder.kubeconfig(KubeConfig.loadKubeConfig(new StringReader(world.kubeconfig())))
                .build();
        String json = world.admin.getKubernetesSerialization().convertToJson(OperatorWorld.definition(Guestbook.class));
        V1CustomResourceDefinition made = new ApiextensionsV1Api(admin)
                .createCustomResourceDefinition(JSON.deserialize(json, V1CustomResourceDefinition.class))
                .execute();
        assertThat(made.getSpec().getNames().getSingular()).isEqualTo("guestbook");
        close(admin);
    }

    @AfterAll
    static void end() {
        world.close();
    }

    private static void close(ApiClient client) {
        client.getHttpClient().dispatcher().executorService().shutdown();
        client.getHttpClient().connectionPool().evictAll();
    }

    /** A guestbook as this client reads and writes it. */
    static final class Book implements KubernetesObject {
        String apiVersion = Guestbook.GROUP + "/" + Guestbook.VERSION;
        String kind = Guestbook.KIND;
        V1ObjectMeta metadata = new V1ObjectMeta();
        Map<String, Object> spec = Map.of();
        Map<String, Object> status = Map.of();

        @Override
        public String getApiVersion() {
            return apiVersion;
        }

        @Override
        public String getKind() {
            return kind;
        }

        @Override
        public V1ObjectMeta getMetadata() {
            return metadata;
        }

        int pages() {
            return ((Number) Objects.requireNonNull(spec.get("pages"))).intValue();
        }
    }

    /** A list of them. */
    static final class BookList implements KubernetesListObject {
        String apiVersion = "";
        String kind = "";
        V1ListMeta metadata = new V1ListMeta();
        List<Book> items = new ArrayList<>();

        @Override
        public String getApiVersion() {
            return apiVersion;
        }

        @Override
        public String getKind() {
            return kind;
        }

        @Override
        public V1ListMeta getMetadata() {
            return metadata;
        }

        @Override
        public List<Book> getItems() {
            return items;
        }
    }

    /** Writes the pages of each guestbook of a namespace. */
    private static final class BookController implements Reconciler, AutoCloseable {
        final Queue<String> failures = new ConcurrentLinkedQueue<>();
        private final GenericKubernetesApi<Book, BookList> books;
        private final GenericKubernetesApi<V1ConfigMap, V1ConfigMapList> pages;
        private final SharedInformerFactory informers;
        private final SharedIndexInformer<Book> seen;
        private final Controller controller;
        private final ExecutorService runner = Executors.newSingleThreadExecutor();
        private final ApiClient client;

        BookController(ApiClient client, String namespace) {
            this.client = client;
            books = new GenericKubernetesApi<>(
                    Book.class, BookList.class, Guestbook.GROUP, Guestbook.VERSION, Guestbook.PLURAL, client);
            pages = new GenericKubernetesApi<>(
                    V1ConfigMap.class, V1ConfigMapList.class, "", "v1", "configmaps", client);
            informers = new SharedInformerFactory(client);
            seen = informers.sharedIndexInformerFor(books, Book.class, 0, namespace);
            informers.sharedIndexInformerFor(pages, V1ConfigMap.class, 0, namespace);
            controller = ControllerBuilder.defaultBuilder(informers)
                    .watch(queue -> ControllerBuilder.controllerWatchBuilder(Book.class, queue)
                            .build())
                    .watch(queue -> ControllerBuilder.controllerWatchBuilder(V1ConfigMap.class, queue)
                            .withWorkQueueKeyFunc(
                                    page -> new Request(page.getMetadata().getNamespace(), label(page)))
                            .build())
                    .withReconciler(this)
                    .withName("guestbooks")
                    .withReadyFunc(seen::hasSynced)
                    .withReadyTimeout(Duration.ofSeconds(60))
                    .withWorkerCount(1)
                    .build();
            informers.startAllRegisteredInformers();
            runner.execute(controller);
        }

        private static String label(V1ConfigMap page) {
            Map<String, String> labels = page.getMetadata().getLabels();
            return labels == null ? "" : labels.getOrDefault(Pages.LABEL, "");
        }

        @Override
        public Result reconcile(Request request) {
            Book book = seen.getIndexer().getByKey(request.getNamespace() + "/" + request.getName());
            try {
                if (book != null) {
                    reconcile(book);
                }
                return new Result(false);
            } catch (ApiException e) {
                failures.add(e.getMessage());
                return new Result(true, Duration.ofMillis(200));
            }
        }

        private void reconcile(Book book) throws ApiException {
            String namespace = book.getMetadata().getNamespace();
            String name = book.getMetadata().getName();
            List<String> finalizers = book.getMetadata().getFinalizers();
            List<V1ConfigMap> there =
                    done(pages.list(namespace, labelled(name))).getObject().getItems();
            if (book.getMetadata().getDeletionTimestamp() != null) {
                for (V1ConfigMap page : there) {
                    done(pages.delete(namespace, page.getMetadata().getName()));
                }
                patch(namespace, name, "[{\"op\": \"remove\", \"path\": \"/metadata/finalizers\"}]");
                return;
            }
            if (finalizers == null || !finalizers.contains(FINALIZER)) {
                patch(
                        namespace,
                        name,
                        "[{\"op\": \"add\", \"path\": \"/metadata/finalizers\", \"value\": [\"" + FINALIZER + "\"]}]");
            }
            for (int i = 0; i < book.pages(); i++) {
                String page = name + "-" + i;
                if (there.stream()
                        .noneMatch(one -> page.equals(one.getMetadata().getName()))) {
                    done(pages.create(page(book, page)));
                }
            }
            Map<String, Object> told = Map.of(
                    "written",
                    (double) book.pages(),
                    "observedGeneration",
                    book.getMetadata().getGeneration().doubleValue());
            if (!told.equals(book.status)) {
                book.status = told;
                done(books.updateStatus(book, each -> each.status));
            }
        }

        private void patch(String namespace, String name, String patch) throws ApiException {
            done(books.patch(namespace, name, V1Patch.PATCH_FORMAT_JSON_PATCH, new V1Patch(patch)));
        }

        private static ListOptions labelled(String name) {
            ListOptions options = new ListOptions();
            options.setLabelSelector(Pages.LABEL + "=" + name);
            return options;
        }

        private static V1ConfigMap page(Book book, String name) {
            V1ObjectMeta metadata = new V1ObjectMeta()
                    .namespace(book.getMetadata().getNamespace())
                    .name(name)
                    .putLabelsItem(Pages.LABEL, book.getMetadata().getName())
                    .addOwnerReferencesItem(new V1OwnerReference()
                            .apiVersion(book.getApiVersion())
                            .kind(book.getKind())
                            .name(book.getMetadata().getName())
                            .uid(book.getMetadata().getUid()));
            return new V1ConfigMap()
                    .apiVersion("v1")
                    .kind("ConfigMap")
                    .metadata(metadata)
                    .putDataItem("greeting", String.valueOf(book.spec.get("greeting")));
        }

        private static <T extends KubernetesType> KubernetesApiResponse<T> done(KubernetesApiResponse<T> response)
                throws ApiException {
            return response.throwsApiException();
        }

        @Override
        public void close() {
            controller.shutdown();
            informers.stopAllRegisteredInformers();
            runner.shutdownNow();
            JavaClientControllerIT.close(client);
        }
    }

    @Test
    void worksOverHttpsWithNoMoreRightsThanItNeeds() {
        String namespace = world.namespace("java-client");
        Rights rights = Rights.of(world.admin, namespace, "guestbook-controller")
                .allow(
                        may(Guestbook.GROUP, "guestbooks", "list,watch"),
                        may(Guestbook.GROUP, "guestbooks/status", "patch"),
                        may("", "configmaps", "list,watch,create,delete"));
        try (BookController controller = new BookController(client(rights), namespace)) {
            world.createBook(namespace, "visitors");
            world.await("the finalizer can't be set", () -> controller.failures.stream()
                    .anyMatch(failure -> failure.contains("cannot patch resource \"guestbooks\"")));
            assertThat(world.pages(namespace, "visitors")).isEmpty();

            rights.allow(
                    may(Guestbook.GROUP, "guestbooks", "list,watch,patch"),
                    may(Guestbook.GROUP, "guestbooks/status", "patch"),
                    may("", "configmaps", "list,watch,create,delete"));
            world.livesItsLife(namespace, FINALIZER);
        }
    }

    private static ApiClient client(Rights rights) {
        var config = rights.config(world.kubeconfig());
        return new ClientBuilder()
                .setBasePath(config.getMasterUrl())
                .setCertificateAuthority(Base64.getDecoder().decode(config.getCaCertData()))
                .setAuthentication(new AccessTokenAuthentication(config.getOauthToken()))
                .build();
    }
}
