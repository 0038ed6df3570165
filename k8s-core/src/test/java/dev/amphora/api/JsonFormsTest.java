package dev.amphora.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Quantity;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The short ways between trees, texts and typed objects give what the general ones give. */
class JsonFormsTest {
    private static final String POD =
            """
            {"kind":"Pod","apiVersion":"v1",
             "metadata":{"name":"p1","namespace":"default","uid":"u","resourceVersion":"7","generation":1,
               "creationTimestamp":"2026-01-01T00:00:00Z","labels":{"app":"web","tier":"front"},"annotations":{"a":"b"},
               "ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web","uid":"x","controller":true}],
               "managedFields":[{"manager":"m","operation":"Update","apiVersion":"v1","time":"2026-01-01T00:00:00Z",
                 "fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:containers":{"k:{\\"name\\":\\"c\\"}":{".":{}}}}}}]},
             "spec":{"containers":[{"name":"c","image":"i","resources":{"requests":{"cpu":"100m"}},"ports":[{"containerPort":80}]}],
               "restartPolicy":"Always","terminationGracePeriodSeconds":30,"nodeName":"n1","unheardOf":{"x":[1,2]},
               "tolerations":[{"key":"k","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}]},
             "status":{"phase":"Pending","qosClass":"Burstable","conditions":[{"type":"PodScheduled","status":"True","lastProbeTime":null}]}}
            """;

    private static ObjectNode tree(String text) {
        return (ObjectNode) Json.read(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void aSharedPodIsAsReadInTheGeneralWay() {
        assertThat(Json.sharedFromTree(tree(POD), Pod.class)).isEqualTo(Json.fromTree(tree(POD), Pod.class));
    }

    @Test
    void whatOnePodHasDoesNotShowInAnotherOne() {
        ObjectNode other = tree(POD);
        other.withObject("/metadata").put("name", "p2").putObject("labels").put("app", "db");
        other.withObject("/spec").put("nodeName", "n2");
        other.withObject("/status").put("phase", "Running");
        ObjectNode unbound = tree(POD);
        unbound.withObject("/spec").remove("nodeName");
        ObjectNode elsewhere = tree(POD);
        ((ObjectNode) elsewhere.at("/spec/containers/0/ports/0")).put("containerPort", 81);
        ObjectNode nominated = tree(POD);
        nominated.withObject("/status").put("nominatedNodeName", "n1");
        ObjectNode nominatedElsewhere = tree(POD);
        nominatedElsewhere.withObject("/status").put("nominatedNodeName", "n2");
        for (ObjectNode each :
                List.of(tree(POD), other, unbound, elsewhere, nominated, nominatedElsewhere, tree(POD))) {
            assertThat(Json.sharedFromTree(each, Pod.class)).isEqualTo(Json.fromTree(each, Pod.class));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"kind\":\"Pod\"}",
                "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"labels\":null},\"spec\":{},\"status\":{}}",
                "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"finalizers\":[\"a/b\"],\"deletionGracePeriodSeconds\":5},"
                        + "\"spec\":{\"containers\":null},\"status\":{\"conditions\":null}}",
                "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{},\"spec\":null,\"status\":{}}",
                "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{},\"spec\":{},\"status\":{\"nominatedNodeName\":null}}"
            })
    void unusualPodsAreReadInTheGeneralWay(String text) {
        assertThat(Json.sharedFromTree(tree(text), Pod.class)).isEqualTo(Json.fromTree(tree(text), Pod.class));
    }

    @Test
    void aTreeIsMadeOfATypedObjectAsTheLibraryMakesIt() {
        Pod pod = new PodBuilder(Json.fromTree(tree(POD), Pod.class))
                .editSpec()
                .withOverhead(Map.of("cpu", new Quantity("1", "m")))
                .endSpec()
                .build();
        GenericKubernetesResource generic = new GenericKubernetesResource();
        generic.setKind("Widget");
        generic.setAdditionalProperty(
                "spec", Map.of("size", 1.5, "big", 10_000_000_000L, "deep", List.of(1, "a", true)));
        for (Object object : List.of(pod, generic)) {
            assertThat(Json.toTree(object).toString())
                    .isEqualTo(Json.read(Json.write(new ObjectMapper().valueToTree(object)))
                            .toString());
        }
    }

    @Test
    void aPodIsWrittenAsInTheGeneralWay() {
        ObjectNode full = tree(POD);
        ObjectNode unknown = tree(POD);
        unknown.withObject("/spec").remove("unheardOf");
        for (ObjectNode each : List.of(full, unknown, Json.object(), everything())) {
            Pod pod = Json.fromTree(each, Pod.class);
            assertThat(Json.toTree(pod).toString()).isEqualTo(Json.general(pod).toString());
            assertThat(Json.toTree(pod)).isEqualTo(Json.general(pod));
        }
        assertThat(Json.toTree(new Pod())).isEqualTo(Json.general(new Pod()));
        Pod odd = new PodBuilder()
                .withNewMetadata()
                .withFinalizers("a", null)
                .endMetadata()
                .build();
        assertThat(Json.toTree(odd)).isEqualTo(Json.general(odd));
    }

    /** A pod with a value in each field. */
    private static ObjectNode everything() {
        ObjectNode pod = Json.object().put("apiVersion", "v1").put("kind", "Pod");
        pod.set("metadata", filled(ObjectMeta.class));
        ObjectNode spec = filled(PodSpec.class);
        spec.putArray("containers").add(filled(Container.class)).add(filled(Container.class));
        pod.set("spec", spec);
        return pod;
    }

    private static ObjectNode filled(Class<?> type) {
        ObjectNode filled = Json.object();
        for (Field field : type.getDeclaredFields()) {
            String name = field.getName();
            if (Modifier.isStatic(field.getModifiers())
                    || name.equals("additionalProperties")
                    || name.startsWith("_")) {
                continue;
            }
            Class<?> kind = field.getType();
            if (kind == String.class) {
                filled.put(name, "text of " + name);
            } else if (kind == Long.class || kind == Integer.class) {
                filled.put(name, name.length());
            } else if (kind == Boolean.class) {
                filled.put(name, true);
            } else if (kind == Map.class) {
                filled.putObject(name).put("1", "2").put("0", "3");
            } else if (kind == List.class) {
                boolean texts = field.getGenericType().getTypeName().contains("java.lang.String");
                ArrayNode array = filled.putArray(name);
                if (texts) {
                    array.add("one").add("two");
                } else {
                    array.addObject();
                }
            } else {
                filled.putObject(name);
            }
        }
        return filled;
    }

    @Test
    void textsAreWrittenAsTheGeneratorWritesThem() throws JsonProcessingException {
        StringBuilder all = new StringBuilder();
        for (int c = 0; c < 0x2100; c++) {
            all.append((char) c);
            assertWritten(Json.object().put("k" + (char) c, "v" + (char) c));
        }
        assertWritten(Json.object().put("all", all.append("\uD83D\uDE00").toString()));
    }

    @Test
    void valuesOfAllFormsAreWritten() throws JsonProcessingException {
        ArrayNode values = Json.mapper().createArrayNode();
        values.add(1)
                .add(-1L)
                .add(Long.MIN_VALUE)
                .add(1.5)
                .add(true)
                .addNull()
                .add("")
                .addObject();
        values.addArray().addArray().add(new byte[] {1, 2});
        assertWritten(values);
        assertWritten(Json.object());
    }

    @Test
    void deepTreesAreWrittenAsFarAsTheGeneratorGoes() throws JsonProcessingException {
        ObjectNode deep = Json.object();
        for (int i = 0; i < 700; i++) {
            ObjectNode outer = Json.object();
            outer.set("in", deep);
            deep = outer;
        }
        assertWritten(deep);
    }

    @Test
    void whatTreesHaveInCommonIsWrittenAsInEach() {
        ObjectNode old = tree(POD);
        ObjectNode now = Trees.shallow(old);
        ObjectNode spec = Trees.shallow((ObjectNode) old.get("spec"));
        spec.put("nodeName", "n2");
        now.set("spec", spec);
        for (int i = 0; i < 3; i++) {
            assertThat(Json.write(now, old)).isEqualTo(Json.write(now));
        }
        ObjectNode other = now.deepCopy();
        assertThat(Json.write(other, old)).isEqualTo(Json.write(now));
    }

    private static void assertWritten(JsonNode tree) throws JsonProcessingException {
        assertThat(Json.write(tree)).isEqualTo(Json.mapper().writeValueAsBytes(tree));
    }
}
