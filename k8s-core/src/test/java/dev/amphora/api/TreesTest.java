package dev.amphora.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Pod;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class TreesTest {
    @Test
    void wholeNumbersAreTheSameByValueHoweverTheyAreHeld() {
        assertThat(Trees.same(IntNode.valueOf(80), IntNode.valueOf(80))).isTrue();
        assertThat(Trees.same(IntNode.valueOf(80), LongNode.valueOf(80))).isTrue();
        assertThat(Trees.same(LongNode.valueOf(1L << 40), LongNode.valueOf(1L << 40)))
                .isTrue();
        assertThat(Trees.same(IntNode.valueOf(80), IntNode.valueOf(81))).isFalse();
        assertThat(Trees.same(tree("1.0"), tree("1.0"))).isFalse();
        assertThat(Trees.same(tree("1"), tree("true"))).isFalse();
    }

    @Test
    void membersCountInTheirOrder() {
        assertThat(Trees.same(tree("{'a':1,'b':[2]}"), tree("{'a':1,'b':[2]}"))).isTrue();
        assertThat(Trees.same(tree("{'a':1,'b':[2]}"), tree("{'b':[2],'a':1}"))).isFalse();
        assertThat(Trees.same(tree("{'a':1}"), tree("{'a':1,'b':2}"))).isFalse();
        assertThat(Trees.sameBut((ObjectNode) tree("{'a':1,'b':2}"), (ObjectNode) tree("{'b':2}"), "a"))
                .isTrue();
    }

    @Test
    void podsThatDifferInNameAndNodeShareWhatIsBelow() {
        Pod one = Json.sharedFromTree(pod("p1", "'nodeName':'n1',"), Pod.class);
        Pod other = Json.sharedFromTree(pod("p2", ""), Pod.class);
        assertThat(one.getSpec().getContainers()).isSameAs(other.getSpec().getContainers());
        assertThat(one.getSpec().getNodeName()).isEqualTo("n1");
        assertThat(other.getSpec().getNodeName()).isNull();
        assertThat(other.getMetadata().getName()).isEqualTo("p2");
    }

    private static JsonNode pod(String name, String node) {
        return tree("{'kind':'Pod','apiVersion':'v1','metadata':{'name':'" + name + "'},'spec':{" + node
                + "'containers':[{'name':'c','image':'i','ports':[{'containerPort':80}]}],"
                + "'terminationGracePeriodSeconds':30},'status':{'phase':'Pending'}}");
    }

    private static JsonNode tree(String json) {
        return Json.read(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }
}
