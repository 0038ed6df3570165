package dev.amphora.apiserver.admission;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.ObjectReader;
import dev.amphora.apiserver.access.User;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("What plugins make of new pods")
final class PodPluginsTest {

    private static ObjectNode tree(String json) {
        return (ObjectNode) Json.read(json.replace('\'', '"').getBytes(UTF_8));
    }

    /** Reads one object, whatever is asked for. */
    private static ObjectReader holding(String json) {
        ObjectNode object = tree(json);
        return new ObjectReader() {
            @Override
            public Optional<ObjectNode> get(String group, String resource, String namespace, String name) {
                return object.at("/metadata/name").asText().equals(name) ? Optional.of(object) : Optional.empty();
            }

            @Override
            public List<ObjectNode> list(String group, String resource, String namespace) {
                return List.of(object);
            }
        };
    }

    private static AdmissionRequest creation(ObjectNode pod) {
        return new AdmissionRequest(
                Operation.CREATE,
                "",
                "v1",
                "Pod",
                "pods",
                "",
                "n",
                "p",
                pod,
                null,
                User.anonymous(),
                false,
                warning -> {});
    }

    private static ObjectNode admitted(AdmissionPlugin plugin, String pod) {
        ObjectNode object = tree(pod);
        plugin.mutate(creation(object));
        plugin.validate(creation(object));
        return object;
    }

    @Test
    void limitRangesFillInWhatContainersLeaveOutAndNoteIt() {
        LimitRanger plugin = new LimitRanger(holding("{'spec':{'limits':[{'type':'Container','default':{'cpu':'1'},"
                + "'defaultRequest':{'cpu':'100m','memory':'1Gi'}}]}}"));

        ObjectNode pod = admitted(
                plugin,
                "{'metadata':{},'spec':{'containers':[{'name':'c','resources':{'requests':{'memory':'2Gi'}}}],"
                        + "'initContainers':[{'name':'i'}]}}");
        assertThat(pod.at("/spec/containers/0/resources"))
                .isEqualTo(tree("{'requests':{'memory':'2Gi','cpu':'100m'},'limits':{'cpu':'1'}}"));
        assertThat(pod.at("/metadata/annotations/kubernetes.io~1limit-ranger").asText())
                .isEqualTo("LimitRanger plugin set: cpu request for container c; cpu limit for container c;"
                        + " cpu, memory request for init container i; cpu limit for init container i");
    }

    @Test
    void limitRangesRefuseWhatLiesOutside() {
        LimitRanger plugin =
                new LimitRanger(holding("{'spec':{'limits':[{'type':'Pod','max':{'cpu':'1'},'min':{'cpu':'500m'}},"
                        + "{'type':'Container','maxLimitRequestRatio':{'cpu':'2'}}]}}"));

        assertThatThrownBy(() -> admitted(
                        plugin,
                        "{'spec':{'containers':[{'name':'c','resources':{'requests':{'cpu':'200m'},'limits':{'cpu':'600m'}}},"
                                + "{'name':'d','resources':{'requests':{'cpu':'200m'},'limits':{'cpu':'600m'}}}]}}"))
                .isInstanceOf(StatusException.class)
                .hasMessage(
                        "pods \"p\" is forbidden: [minimum cpu usage per Pod is 500m, but request is 400m, maximum cpu usage"
                                + " per Pod is 1, but limit is 1200m, cpu max limit to request ratio per Container is 2, but provided"
                                + " ratio is 3.000000]");
    }

    @Test
    void runtimeClassesAddWhatTheyCostAndWhereTheyRun() {
        RuntimeClass plugin = new RuntimeClass(
                holding(
                        "{'metadata':{'name':'kata'},'overhead':{'podFixed':{'cpu':'250m'}},"
                                + "'scheduling':{'nodeSelector':{'rt':'kata'},'tolerations':[{'key':'k','operator':'Exists'}]}}"));

        ObjectNode pod = admitted(
                plugin,
                "{'spec':{'runtimeClassName':'kata','tolerations':[{'key':'k','operator':'Equal','value':'v'},"
                        + "{'key':'m','operator':'Exists'}]}}");
        assertThat(pod.at("/spec/overhead/cpu").asText()).isEqualTo("250m");
        assertThat(pod.at("/spec/nodeSelector/rt").asText()).isEqualTo("kata");
        assertThat(pod.at("/spec/tolerations"))
                .hasToString("[{\"key\":\"m\",\"operator\":\"Exists\"},{\"key\":\"k\",\"operator\":\"Exists\"}]");
    }

    @Test
    void runtimeClassesMustExistAndAgree() {
        RuntimeClass plugin =
                new RuntimeClass(holding("{'metadata':{'name':'kata'},'scheduling':{'nodeSelector':{'rt':'kata'}}}"));

        assertThatThrownBy(() -> admitted(plugin, "{'spec':{'runtimeClassName':'nope'}}"))
                .hasMessage("pods \"p\" is forbidden: pod rejected: RuntimeClass \"nope\" not found");
        assertThatThrownBy(() -> admitted(plugin, "{'spec':{'runtimeClassName':'kata','nodeSelector':{'rt':'x'}}}"))
                .hasMessage("pods \"p\" is forbidden: conflict: runtimeClass.scheduling.nodeSelector[rt] = kata;"
                        + " pod.spec.nodeSelector[rt] = x");
        assertThatThrownBy(() -> admitted(plugin, "{'spec':{'overhead':{'cpu':'1'}}}"))
                .hasMessage("pods \"p\" is forbidden: pod rejected: Pod Overhead set without corresponding RuntimeClass"
                        + " defined Overhead");
    }
}
