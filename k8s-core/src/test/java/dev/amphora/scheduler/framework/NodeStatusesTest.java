package dev.amphora.scheduler.framework;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ObjIntConsumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class NodeStatusesTest {
    private static final Status FULL = Status.unschedulable("Insufficient cpu").withPlugin("Fit");
    private static final Status TAINTED = Status.unresolvable("had taints").withPlugin("Taints");
    private static final Status OWN = Status.unschedulable("didn't match").withPlugin("Affinity");

    private final List<NodeInfo> nodes = IntStream.range(0, 6)
            .mapToObj(i -> NodeInfo.of(new NodeBuilder()
                    .withNewMetadata()
                    .withName("n" + i)
                    .endMetadata()
                    .build()))
            .toList();
    private final NodeSnapshot snapshot = new Nodes(nodes);

    /** Places 0 and 4 are full, 2 is tainted; 3 has an answer of its own; 1 and 5 have none. */
    private NodeStatuses withKept() {
        NodeStatuses statuses = new NodeStatuses(Status.unresolvable("not looked at"));
        statuses.keep(new Kept(FULL, null, TAINTED, null, FULL, null), snapshot, 2);
        statuses.put(nodes.get(3), 3, OWN);
        return statuses;
    }

    @Test
    void answersThatAreKeptCountAsOwnOnes() {
        NodeStatuses statuses = withKept();

        assertThat(statuses.size()).isEqualTo(4);
        assertThat(statuses.get("n0")).isEqualTo(FULL);
        assertThat(statuses.get("n3")).isEqualTo(OWN);
        assertThat(statuses.contains("n1")).isFalse();
        assertThat(statuses.get("n1")).isEqualTo(statuses.absent());
        assertThat(statuses.get("elsewhere")).isEqualTo(statuses.absent());
        assertThat(statuses.placesWith(Status.Code.UNSCHEDULABLE, snapshot)).isEqualTo(places(0, 3, 4));
        assertThat(statuses.placesWith(Status.Code.UNSCHEDULABLE_AND_UNRESOLVABLE, snapshot))
                .isEqualTo(places(2));
        assertThat(statuses.histogram(6))
                .containsExactly("1 didn't match", "1 had taints", "2 Insufficient cpu", "2 not looked at");
    }

    @Test
    void theyAreVisitedInTheOrderInWhichNodesWereLookedAt() {
        Map<String, Status> visited = new LinkedHashMap<>();

        withKept().forEach(visited::put);

        assertThat(visited.keySet()).containsExactly("n2", "n3", "n4", "n0");
        assertThat(visited).containsEntry("n4", FULL).containsEntry("n3", OWN);
    }

    @Test
    void anotherAnswerTakesTheirPlace() {
        NodeStatuses statuses = withKept();

        statuses.putAll(Map.of("n0", OWN, "n1", OWN));

        assertThat(statuses.size()).isEqualTo(5);
        assertThat(statuses.get("n0")).isEqualTo(OWN);
        assertThat(statuses.get("n4")).isEqualTo(FULL);
        assertThat(statuses.histogram(6))
                .containsExactly("1 Insufficient cpu", "1 had taints", "1 not looked at", "3 didn't match");
        assertThat(statuses.placesWith(Status.Code.UNSCHEDULABLE, snapshot)).isEqualTo(places(0, 1, 3, 4));
    }

    @Test
    void thePlacesAreTheCallers() {
        NodeStatuses statuses = withKept();

        statuses.placesWith(Status.Code.UNSCHEDULABLE, snapshot).clear();

        assertThat(statuses.placesWith(Status.Code.UNSCHEDULABLE, snapshot)).isEqualTo(places(0, 3, 4));
    }

    private static BitSet places(int... places) {
        return IntStream.of(places).collect(BitSet::new, BitSet::set, BitSet::or);
    }

    private static final class Kept implements NodeStatuses.ByPlace {
        private final @Nullable Status[] answers;

        Kept(@Nullable Status... answers) {
            this.answers = answers;
        }

        @Override
        public @Nullable Status at(int place) {
            return answers[place];
        }

        @Override
        public int size() {
            return 3;
        }

        @Override
        public void forEachAnswer(ObjIntConsumer<Status> visitor) {
            visitor.accept(FULL, 2);
            visitor.accept(TAINTED, 1);
        }

        @Override
        public BitSet placesWith(Status.Code code) {
            return IntStream.range(0, answers.length)
                    .filter(place -> at(place) != null && code == at(place).code())
                    .collect(BitSet::new, BitSet::set, BitSet::or);
        }
    }

    private record Nodes(List<NodeInfo> nodes) implements NodeSnapshot {
        @Override
        public @Nullable NodeInfo node(String name) {
            int place = indexOf(name);
            return place < 0 ? null : nodes.get(place);
        }

        @Override
        public List<NodeInfo> nodesWithAffinityPods() {
            return List.of();
        }

        @Override
        public List<NodeInfo> nodesWithRequiredAntiAffinityPods() {
            return List.of();
        }

        @Override
        public boolean isClaimUsed(String namespace, String claim) {
            return false;
        }
    }
}
