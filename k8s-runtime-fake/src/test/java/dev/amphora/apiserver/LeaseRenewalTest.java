package dev.amphora.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.access.User;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A renewal changes little of a Lease, and what is stored is as if all of it had been written. */
class LeaseRenewalTest {
    private static final User ADMIN = User.of("admin", User.MASTERS);
    private static final String LEASE =
            """
            {"kind":"Lease","apiVersion":"coordination.k8s.io/v1","metadata":{"name":"%s","ownerReferences":
             [{"apiVersion":"v1","kind":"Node","name":"n","uid":"u"}]},
             "spec":{"holderIdentity":"n","leaseDurationSeconds":40,"renewTime":"2026-01-01T00:00:00.000000Z"}}
            """;

    private final SimulatedKernel kernel = new SimulatedKernel(1);
    private final MemoryStore store = new MemoryStore(kernel);
    private final ApiServer server = ApiServer.builder(kernel, store).build().start();

    /** As whoever watches holds them: what comes next is made of these. */
    private final Map<String, Lease> held = new HashMap<>();

    private ApiResult handle(Verb verb, String name, String agent, ObjectNode body, boolean dryRun) {
        return server.handle(new ApiRequest(
                ADMIN,
                agent,
                verb,
                "coordination.k8s.io",
                "v1",
                "leases",
                "default",
                name,
                "",
                RequestOptions.parse(dryRun ? Map.of("dryRun", List.of("All")) : Map.of()),
                Body.of(body)));
    }

    private ObjectNode lease(String name) {
        return handle(Verb.GET, name, "kubelet", Json.object(), false).tree().deepCopy();
    }

    private String stored(String name) {
        byte[] value = store.get("/registry/leases/default/" + name)
                .entry()
                .orElseThrow()
                .value();
        return new String(value, StandardCharsets.UTF_8);
    }

    /** What is stored, but for what two Leases can't have in common. */
    private String comparable(String name) {
        return stored(name)
                .replace("\"" + name + "\"", "\"NAME\"")
                .replace(lease(name).at("/metadata/uid").asText(), "UID");
    }

    @BeforeEach
    void createTwo() {
        for (String name : List.of("short", "long")) {
            ObjectNode lease = (ObjectNode) Json.read(LEASE.formatted(name).getBytes(StandardCharsets.UTF_8));
            handle(Verb.CREATE, "", "kubelet", lease, false);
        }
    }

    private ObjectNode renewed(String name, int second) {
        ObjectNode lease = lease(name);
        lease.withObject("/spec").put("renewTime", "2026-01-01T00:00:%02d.500000Z".formatted(second));
        return lease;
    }

    /** Writes both, one of them so that the short way isn't taken: with labels, but none. */
    private void write(String agent, int second, Consumer<ObjectNode> change) {
        kernel.advance(Duration.ofSeconds(10));
        for (String name : List.of("short", "long")) {
            ObjectNode lease = renewed(name, second);
            change.accept(lease);
            if (name.equals("long")) {
                lease.withObject("/metadata").putObject("labels");
            }
            String given = lease.toString();
            ApiResult result = handle(Verb.UPDATE, name, agent, lease, false);
            ObjectNode answer = (ObjectNode) result.tree();
            Lease typed = Objects.requireNonNull(result.object()).typed(Lease.class);
            assertThat(typed).isEqualTo(Json.fromTree(answer, Lease.class));
            held.put(name, typed);
            assertThat(lease).hasToString(given);
            assertThat(answer).isEqualTo(lease(name));
        }
        assertThat(comparable("short")).isEqualTo(comparable("long"));
    }

    @Test
    void whatIsStoredIsTheSameAsTheLongWay() {
        ObjectNode before = lease("short");
        write("kubelet", 10, lease -> {});
        write("kubelet", 20, lease -> lease.withObject("/metadata").remove("managedFields"));
        write("kubelet", 30, lease -> lease.withObject("/metadata")
                .remove(List.of("managedFields", "creationTimestamp", "uid")));
        write("kubelet", 40, lease -> lease.withObject("/spec").put("renewTime", "2026-01-01T02:00:40.000000+02:00"));
        ObjectNode after = lease("short");
        assertThat(after.at("/spec/renewTime").asText()).isEqualTo("2026-01-01T00:00:40.000000Z");
        assertThat(after.at("/metadata/managedFields/0/time"))
                .isNotEqualTo(before.at("/metadata/managedFields/0/time"));
        assertThat(after.at("/metadata/managedFields")).hasSize(1);
    }

    @Test
    void aTimeThatIsNotToTheMicrosecondIsRefused() {
        String before = stored("short");
        for (String time :
                List.of("2026-01-01T00:00:50Z", "2026-01-01T00:00:51.123456789Z", "2026-01-01T00:00:52.1Z")) {
            ObjectNode lease = renewed("short", 10);
            lease.withObject("/spec").put("renewTime", time);
            assertThatThrownBy(() -> handle(Verb.UPDATE, "short", "kubelet", lease, false))
                    .hasMessageContaining("cannot be handled as a Lease");
        }
        assertThat(stored("short")).isEqualTo(before);
    }

    @Test
    void whatIsMoreThanARenewalIsNoted() {
        write("kubelet", 10, lease -> lease.withObject("/spec").put("leaseDurationSeconds", 50));
        write("kubelet", 20, lease -> lease.withObject("/metadata/annotations").put("a", "b"));
        write("kubelet", 30, lease -> lease.withObject("/metadata").remove("ownerReferences"));
        write("kubelet", 40, lease -> {});
    }

    @Test
    void whoeverRenewsOwnsTheTimeFromThenOn() {
        write("another", 10, lease -> {});
        assertThat(lease("short").at("/metadata/managedFields")).hasSize(2);
        write("kubelet", 20, lease -> {});
        write("kubelet", 30, lease -> lease.withObject("/metadata").putArray("managedFields"));
        write("kubelet", 40, lease -> {});
    }

    @Test
    void renewingTheSameTimeChangesNothing() {
        write("kubelet", 10, lease -> {});
        String before = stored("short");
        write("kubelet", 10, lease -> {});
        assertThat(stored("short")).isEqualTo(before);
    }

    @Test
    void aDryRunStoresNothing() {
        String before = stored("short");
        ApiResult result = handle(Verb.UPDATE, "short", "kubelet", renewed("short", 10), true);
        assertThat(result.tree().at("/spec/renewTime").asText()).isEqualTo("2026-01-01T00:00:10.500000Z");
        assertThat(stored("short")).isEqualTo(before);
    }

    @Test
    void anotherVersionIsRefused() {
        ObjectNode old = renewed("short", 10);
        write("kubelet", 20, lease -> {});
        assertThatThrownBy(() -> handle(Verb.UPDATE, "short", "kubelet", old, false))
                .hasMessageContaining("the object has been modified");
        ObjectNode none = renewed("short", 30);
        none.withObject("/metadata").remove("resourceVersion");
        assertThatThrownBy(() -> handle(Verb.UPDATE, "short", "kubelet", none, false))
                .hasMessageContaining("must be specified for an update");
    }
}
