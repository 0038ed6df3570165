package dev.amphora.controller.endpoints;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPortBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class SlicePlannerTest {
    private static final Service SERVICE = new ServiceBuilder()
            .withNewMetadata()
            .withName("web")
            .withNamespace("default")
            .withUid("u")
            .endMetadata()
            .build();

    private static List<Endpoint> endpoints(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> new EndpointBuilder()
                        .withAddresses("10.0.%d.%d".formatted(i / 200, i % 200))
                        .withNewTargetRef()
                        .withKind("Pod")
                        .withName("p" + i)
                        .withUid("u" + i)
                        .endTargetRef()
                        .build())
                .toList();
    }

    private static SlicePlanner.Group group(int port) {
        return new SlicePlanner.Group(
                "IPv4",
                List.of(new EndpointPortBuilder().withName("").withPort(port).build()));
    }

    private static List<EndpointSlice> created(Map<SlicePlanner.Group, List<Endpoint>> wanted) {
        return new SlicePlanner(SERVICE, Map.of(), Map.of(), 100)
                .plan(wanted, List.of(), List.of("IPv4"))
                .create();
    }

    @Test
    @DisplayName("EPS-3: a slice holds at most 100 endpoints")
    void fillsSlices() {
        assertThat(created(Map.of(group(80), endpoints(250))))
                .extracting(slice -> slice.getEndpoints().size())
                .containsExactlyInAnyOrder(100, 100, 50);
    }

    @Test
    @DisplayName("EPS-3: new endpoints go into the slice that ends closest to full, whose others stay where they are")
    void fillsTheFullestThatHasRoom() {
        List<Endpoint> all = endpoints(205);
        List<EndpointSlice> present = List.of(
                slice("half", all.subList(0, 50)),
                slice("nearly", all.subList(50, 145)),
                slice("tight", all.subList(145, 202)));
        SlicePlanner.Plan plan = new SlicePlanner(SERVICE, Map.of(), Map.of(), 100)
                .plan(Map.of(group(80), all), present, List.of("IPv4"));
        assertThat(plan.create()).isEmpty();
        assertThat(plan.delete()).isEmpty();
        assertThat(plan.update()).singleElement().satisfies(slice -> {
            assertThat(slice.getMetadata().getName()).isEqualTo("nearly");
            assertThat(slice.getEndpoints()).hasSize(98);
        });
    }

    private static EndpointSlice slice(String name, List<Endpoint> endpoints) {
        EndpointSlice slice = created(Map.of(group(80), endpoints)).get(0);
        slice.getMetadata().setName(name);
        return slice;
    }

    @Test
    @DisplayName("EPS-4: endpoints behind different port numbers are in different slices")
    void separatesPorts() {
        assertThat(created(Map.of(group(80), endpoints(2), group(81), endpoints(1))))
                .extracting(slice -> slice.getPorts().get(0).getPort())
                .containsExactlyInAnyOrder(80, 81);
    }

    @Test
    @DisplayName("EPS-3: a Service without endpoints has an empty slice")
    void keepsAPlace() {
        assertThat(created(Map.of())).singleElement().satisfies(slice -> assertThat(slice.getEndpoints())
                .isNullOrEmpty());
    }
}
