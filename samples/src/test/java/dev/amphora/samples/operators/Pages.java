package dev.amphora.samples.operators;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** The pages of a guestbook: ConfigMaps that it owns. */
final class Pages {
    static final String LABEL = "guestbook";

    private Pages() {}

    static List<ConfigMap> wanted(Guestbook book) {
        return IntStream.range(0, book.getSpec().pages)
                .mapToObj(page -> page(book, page))
                .toList();
    }

    private static ConfigMap page(Guestbook book, int page) {
        String name = book.getMetadata().getName();
        return new ConfigMapBuilder()
                .withNewMetadata()
                .withNamespace(book.getMetadata().getNamespace())
                .withName(name + "-" + page)
                .addToLabels(LABEL, name)
                .withOwnerReferences(new OwnerReferenceBuilder()
                        .withApiVersion(Guestbook.GROUP + "/" + Guestbook.VERSION)
                        .withKind(Guestbook.KIND)
                        .withName(name)
                        .withUid(book.getMetadata().getUid())
                        .withController(true)
                        .build())
                .endMetadata()
                .withData(Map.of("greeting", book.getSpec().greeting))
                .build();
    }

    /** Makes those that lack, mends those that differ and removes those that are too many. */
    static void write(KubernetesClient client, Guestbook book, List<ConfigMap> there) {
        List<ConfigMap> wanted = wanted(book);
        for (ConfigMap page : wanted) {
            boolean same = there.stream()
                    .anyMatch(
                            one -> name(one).equals(name(page)) && one.getData().equals(page.getData()));
            if (!same) {
                client.resource(page).serverSideApply();
            }
        }
        for (ConfigMap one : there) {
            if (wanted.stream().noneMatch(page -> name(page).equals(name(one)))) {
                client.resource(one).delete();
            }
        }
    }

    static String name(ConfigMap page) {
        return page.getMetadata().getName();
    }
}
