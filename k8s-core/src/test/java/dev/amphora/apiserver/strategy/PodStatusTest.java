package dev.amphora.apiserver.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PodStatusTest {
    private static final String ENDED = "'containerStatuses':[{'name':'c','state':{'terminated':{'exitCode':%d}}}]";
    private static final String RUNS = "'containerStatuses':[{'name':'c','state':{'running':{}}}]";

    private static ObjectNode pod(String spec, String status) {
        ObjectNode pod = Kinds.created(
                "",
                "pods",
                "{'metadata':{'name':'p','namespace':'n'},'spec':{'containers':[{'name':'c','image':'i'%s}]}}"
                        .formatted(spec));
        Strategies.metadata(pod).put("resourceVersion", "1");
        pod.set("status", Kinds.tree("{%s}".formatted(status)));
        return pod;
    }

    private static List<String> errors(String spec, String before, String after) {
        ObjectNode old = pod(spec, before);
        ObjectNode now = pod(spec, after);
        return Kinds.texts(StrategyRegistry.strategy("", "pods").validateStatusUpdate(now, old));
    }

    @Test
    void whatEndedForGoodRunsNoMore() {
        String refused =
                "status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state";

        assertThat(errors("", ENDED.formatted(1), RUNS)).isEmpty();
        assertThat(errors(",'restartPolicy':'Never'", ENDED.formatted(1), RUNS)).containsExactly(refused);
        assertThat(errors(",'restartPolicy':'OnFailure'", ENDED.formatted(1), RUNS))
                .isEmpty();
        assertThat(errors(",'restartPolicy':'OnFailure'", ENDED.formatted(0), RUNS))
                .containsExactly(refused);
    }

    @Test
    void rulesForExitCodesComeFirst() {
        String rules =
                ",'restartPolicy':'Never','restartPolicyRules':[{'action':'Restart','exitCodes':{'operator':'In',"
                        + "'values':[42]}}]";

        assertThat(errors(rules, ENDED.formatted(42), RUNS)).isEmpty();
        assertThat(errors(rules, ENDED.formatted(1), RUNS)).hasSize(1);
    }

    @Test
    void addressesOfTheHostAgree() {
        assertThat(errors("", "", "'hostIP':'10.0.0.1','hostIPs':[{'ip':'10.0.0.2'}]"))
                .containsExactly("status.hostIPs[0].ip: Invalid value: \"10.0.0.2\": must be equal to `hostIP`");
        assertThat(errors("", "'podIPs':[{'ip':'bad'}]", "'podIPs':[{'ip':'bad'}]"))
                .isEmpty();
    }

    @Test
    void whatIsSaidOfContainersFitsThem() {
        assertThat(
                        errors(
                                "",
                                "",
                                "'containerStatuses':[{'name':'c','user':{'linux':{'uid':-1,'gid':0}},"
                                        + "'allocatedResourcesStatus':[{'name':'cpu','resources':[{'resourceID':'a','health':'Sick'}]}]}]"))
                .containsExactly(
                        "status.containerStatuses[0].user.linux.uid: Invalid value: -1: must be between 0 and 2147483647,"
                                + " inclusive",
                        "status.containerStatuses[0].allocatedResourcesStatus[0].name: Invalid value: \"cpu\": must match one"
                                + " of the container's resource requests",
                        "status.containerStatuses[0].allocatedResourcesStatus[0].resources[0].health: Unsupported value:"
                                + " \"Sick\": supported values: \"Healthy\", \"Unhealthy\", \"Unknown\"");
    }

    @Test
    void annotationsThatSettleWhatAPodIsStay() {
        ObjectNode old = pod("", "");
        ObjectNode now = old.deepCopy();
        Strategies.metadata(now).putObject("annotations").put("kubernetes.io/config.mirror", "x");

        assertThat(Kinds.texts(StrategyRegistry.strategy("", "pods").validateStatusUpdate(now, old)))
                .first()
                .asString()
                .isEqualTo(
                        "metadata.annotations[kubernetes.io/config.mirror]: Forbidden: may not add mirror pod annotation");
    }
}
