package dev.amphora.apiserver.schema;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.schema.TablePrinter.IncludeObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TablePrinterTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

    @Test
    void printsPods() {
        assertThat(
                        cells(
                                "",
                                "Pod",
                                "{'metadata':{'name':'p','creationTimestamp':'2026-01-02T03:00:05Z'},"
                                        + "'spec':{'nodeName':'n','containers':[{'name':'a'},{'name':'b'}]},"
                                        + "'status':{'phase':'Running','podIPs':[{'ip':'10.1.0.5'}],'containerStatuses':["
                                        + "{'name':'a','ready':true,'restartCount':2,'state':{'running':{}},"
                                        + "'lastState':{'terminated':{'finishedAt':'2026-01-02T03:03:55Z'}}},"
                                        + "{'name':'b','ready':false,'restartCount':0,'state':{'waiting':{'reason':'CrashLoopBackOff'}}}]}}"))
                .isEqualTo("['p','1/2','CrashLoopBackOff','2 (10s ago)','4m','10.1.0.5','n','<none>','<none>']");
    }

    @Test
    void printsPodsThatStillInitialize() {
        String spec = "'spec':{'initContainers':[{'name':'i'},{'name':'j'}],'containers':[{'name':'a'}]}";
        assertThat(cells(
                        "",
                        "Pod",
                        "{'metadata':{'name':'p'}," + spec
                                + ",'status':{'phase':'Pending','initContainerStatuses':[{'name':'i','state':{'terminated':{'exitCode':0}}},"
                                + "{'name':'j','state':{'running':{}}}]}}"))
                .startsWith("['p','0/1','Init:1/2','0','<unknown>'");
        assertThat(cells(
                        "",
                        "Pod",
                        "{'metadata':{'name':'p','deletionTimestamp':'2026-01-02T03:04:00Z'}," + spec
                                + ",'status':{'phase':'Pending'}}"))
                .startsWith("['p','0/1','Terminating'");
    }

    @Test
    void printsDeploymentsAndNodes() {
        assertThat(cells(
                        "apps",
                        "Deployment",
                        "{'metadata':{'name':'web','creationTimestamp':'2026-01-01T03:04:05Z'},'spec':{'replicas':3,"
                                + "'selector':{'matchLabels':{'app':'web'}},"
                                + "'template':{'spec':{'containers':[{'name':'c','image':'nginx'}]}}},"
                                + "'status':{'readyReplicas':2,'updatedReplicas':3,'availableReplicas':2}}"))
                .isEqualTo("['web','2/3',3,2,'24h','c','nginx','app=web']");
        assertThat(
                        cells(
                                "",
                                "Node",
                                "{'metadata':{'name':'n','labels':{'node-role.kubernetes.io/worker':''}},'spec':{'unschedulable':true},"
                                        + "'status':{'conditions':[{'type':'Ready','status':'True'}],"
                                        + "'addresses':[{'type':'InternalIP','address':'10.0.0.1'}],"
                                        + "'nodeInfo':{'kubeletVersion':'v1.36.3','kernelVersion':'6.1.0','architecture':'amd64'}}}"))
                .isEqualTo(
                        "['n','Ready,SchedulingDisabled','worker','<unknown>','v1.36.3','10.0.0.1','<none>','<unknown>',"
                                + "'6.1.0 (amd64)','<unknown>']");
    }

    @Test
    void printsServices() {
        assertThat(cells(
                        "",
                        "Service",
                        "{'metadata':{'name':'s'},'spec':{'type':'LoadBalancer','clusterIP':'10.0.0.9','selector':{'a':'b'},"
                                + "'ports':[{'port':80,'nodePort':32000,'protocol':'TCP'}]}}"))
                .isEqualTo("['s','LoadBalancer','10.0.0.9','<pending>','80:32000/TCP','<unknown>','a=b']");
    }

    @Test
    void printsAutoscalersOfBothVersions() {
        assertThat(cells(
                        "autoscaling",
                        "HorizontalPodAutoscaler",
                        "{'metadata':{'name':'h'},'spec':{'scaleTargetRef':{'kind':'Deployment','name':'web'},'minReplicas':1,"
                                + "'maxReplicas':4,'metrics':[{'type':'Resource','resource':{'name':'cpu','target':"
                                + "{'type':'Utilization','averageUtilization':80}}}]}}"))
                .isEqualTo("['h','Deployment/web','cpu: <unknown>/80%','1',4,0,'<unknown>']");
    }

    @Test
    void everyRowHasOneCellForEachColumn() {
        for (ResourceInfo resource : SchemaCatalogue.builtIn().resources()) {
            ObjectNode table = TablePrinter.of(resource)
                    .table(
                            List.of(json("{'metadata':{'name':'x','creationTimestamp':'2026-01-02T03:04:00Z'}}")),
                            Json.object(),
                            IncludeObject.NONE,
                            NOW,
                            "meta.k8s.io/v1");
            int columns = table.path("columnDefinitions").size();
            int extra = resource.kind().equals("IPAddress") ? 1 : 0;

            assertThat(table.path("rows").path(0).path("cells").size())
                    .as(resource.kind())
                    .isEqualTo(columns + extra);
        }
    }

    @Test
    void embedsWhatIsAskedFor() {
        JsonNode role = json("{'kind':'Role','apiVersion':'x','metadata':{'name':'r'},'rules':[]}");
        TablePrinter printer = TablePrinter.of("rbac.authorization.k8s.io", "Role");
        JsonNode metadata = json("{'resourceVersion':'7'}");

        ObjectNode table = printer.table(List.of(role), metadata, IncludeObject.METADATA, NOW, "meta.k8s.io/v1");
        JsonNode row = table.path("rows").path(0);

        assertThat(table.path("metadata")).isEqualTo(metadata);
        assertThat(row.path("cells").toString()).isEqualTo("[\"r\",\"<unknown>\"]");
        assertThat(row.path("object").toString())
                .isEqualTo(
                        "{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":{\"name\":\"r\"}}");
        assertThat(printer.laterRow(role, metadata, IncludeObject.OBJECT, NOW, "meta.k8s.io/v1")
                        .path("columnDefinitions")
                        .isNull())
                .isTrue();
    }

    @Test
    void printsCustomColumns() {
        JsonNode columns = json("[{'name':'Size','type':'integer','jsonPath':'.spec.size'},"
                + "{'name':'Ready','type':'string','jsonPath':'.status.conditions[?(@.type==\\\"Ready\\\")].status'},"
                + "{'name':'All','type':'string','jsonPath':'.spec.list'},{'name':'When','type':'date','jsonPath':'.spec.when'}]"
                        .replace("\\\"", "\\\""));
        JsonNode object = json("{'metadata':{'name':'w'},'spec':{'size':3,'list':['b',{'z':1,'a':2}],"
                + "'when':'2026-01-01T22:04:05Z'},'status':{'conditions':[{'type':'Ready','status':'True'}]}}");

        ObjectNode table = TablePrinter.custom(columns)
                .table(List.of(object), Json.object(), IncludeObject.NONE, NOW, "meta.k8s.io/v1");

        assertThat(table.path("rows").path(0).path("cells").toString())
                .isEqualTo("[\"w\",3,\"True\",\"[\\\"b\\\",{\\\"a\\\":2,\\\"z\\\":1}]\",\"5h\"]");
    }

    @ParameterizedTest
    @CsvSource({
        "-5, <invalid>",
        "-1, 0s",
        "0, 0s",
        "119, 119s",
        "120, 2m",
        "599, 9m59s",
        "600, 10m",
        "10799, 179m",
        "10800, 3h",
        "25500, 7h5m",
        "28800, 8h",
        "172799, 47h",
        "172800, 2d",
        "180000, 2d2h",
        "691200, 8d",
        "63072000, 2y",
        "63158400, 2y1d",
        "252288000, 8y"
    })
    void printsDurationsInTheirTwoLargestUnits(long seconds, String text) {
        assertThat(Cells.duration(Duration.ofSeconds(seconds))).isEqualTo(text);
    }

    private static String cells(String group, String kind, String object) {
        return TablePrinter.of(group, kind)
                .table(List.of(json(object)), Json.object(), IncludeObject.NONE, NOW, "meta.k8s.io/v1")
                .path("rows")
                .path(0)
                .path("cells")
                .toString()
                .replace('"', '\'');
    }

    private static JsonNode json(String text) {
        return Json.read(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }
}
