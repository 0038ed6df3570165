package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.base.Ascii;
import com.google.common.collect.ImmutableMap;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** The tables of the core group's other kinds: nodes, namespaces, events, data, volumes. */
final class ClusterTables {
    private static final String ROLE_PREFIX = "node-role.kubernetes.io/";
    private static final String BETA_CLASS = "volume.beta.kubernetes.io/storage-class";

    private ClusterTables() {}

    static void register(ImmutableMap.Builder<String, TableLayout> layouts) {
        layouts.put(
                "/Node",
                TableLayout.of(
                        "Status|Roles|Age|Version|*Internal-IP|*External-IP|*OS-Image|*Kernel-Version|*Container-Runtime",
                        (row, o, now) -> {
                            JsonNode info = o.path("status").path("nodeInfo");
                            row.add(nodeStatus(o)).add(roles(o)).add(Cells.age(o, now));
                            row.add(info.path("kubeletVersion").asText());
                            row.add(address(o, "InternalIP")).add(address(o, "ExternalIP"));
                            row.add(Cells.text(info.path("osImage"), Cells.UNKNOWN))
                                    .add(kernel(info));
                            row.add(Cells.text(info.path("containerRuntimeVersion"), Cells.UNKNOWN));
                        }));
        layouts.put("/Namespace", TableLayout.of("Status|Age", (row, o, now) -> {
            row.add(o.path("status").path("phase").asText()).add(Cells.age(o, now));
        }));
        TableLayout event = new TableLayout(eventColumns(), ClusterTables::event);
        layouts.put("/Event", event);
        layouts.put("events.k8s.io/Event", event);
        layouts.put("/ConfigMap", TableLayout.of("Data|Age", (row, o, now) -> {
            row.add(o.path("data").size() + o.path("binaryData").size()).add(Cells.age(o, now));
        }));
        layouts.put("/Secret", TableLayout.of("Type|Data|Age", (row, o, now) -> {
            row.add(o.path("type").asText()).add(o.path("data").size()).add(Cells.age(o, now));
        }));
        layouts.put("/ServiceAccount", TableLayout.of("Age", (row, o, now) -> row.add(Cells.age(o, now))));
        layouts.put("/ResourceQuota", TableLayout.of("Request|Limit|Age", (row, o, now) -> {
            row.add(quota(o, false)).add(quota(o, true)).add(Cells.age(o, now));
        }));
        layouts.put("/ComponentStatus", TableLayout.of("Status|Message|Error", (row, o, now) -> {
            JsonNode condition = o.path("conditions").path(0);
            String status = condition.path("status").asText();
            row.add(status.equals("True") ? "Healthy" : status.equals("False") ? "Unhealthy" : "Unknown");
            row.add(condition.path("message").asText())
                    .add(condition.path("error").asText());
        }));
        layouts.put(
                "/PersistentVolumeClaim",
                TableLayout.of(
                        "Status|Volume|Capacity|Access Modes|StorageClass|VolumeAttributesClass|Age|*VolumeMode",
                        (row, o, now) -> {
                            JsonNode spec = o.path("spec");
                            JsonNode status = o.path("status");
                            boolean bound = !spec.path("volumeName").asText().isEmpty();
                            row.add(phase(o)).add(spec.path("volumeName").asText());
                            row.add(bound ? Cells.text(status.path("capacity").path("storage"), "0") : "");
                            row.add(bound ? Cells.accessModes(status.path("accessModes")) : "");
                            row.add(storageClass(o));
                            row.add(Cells.text(spec.path("volumeAttributesClassName"), Cells.UNSET));
                            row.add(Cells.age(o, now)).add(Cells.text(spec.path("volumeMode"), Cells.UNSET));
                        }));
        layouts.put(
                "/PersistentVolume",
                TableLayout.of(
                        "Capacity|Access Modes|Reclaim Policy|Status|Claim|StorageClass|VolumeAttributesClass|Reason|Age"
                                + "|*VolumeMode",
                        (row, o, now) -> {
                            JsonNode spec = o.path("spec");
                            JsonNode claim = spec.path("claimRef");
                            row.add(Cells.text(spec.path("capacity").path("storage"), "0"));
                            row.add(Cells.accessModes(spec.path("accessModes")));
                            row.add(spec.path("persistentVolumeReclaimPolicy").asText())
                                    .add(phase(o));
                            row.add(
                                    claim.isObject()
                                            ? claim.path("namespace").asText() + "/"
                                                    + claim.path("name").asText()
                                            : "");
                            row.add(storageClass(o));
                            row.add(Cells.text(spec.path("volumeAttributesClassName"), Cells.UNSET));
                            row.add(o.path("status").path("reason").asText()).add(Cells.age(o, now));
                            row.add(Cells.text(spec.path("volumeMode"), Cells.UNSET));
                        }));
    }

    private static String phase(JsonNode object) {
        return object.path("metadata").has("deletionTimestamp")
                ? "Terminating"
                : object.path("status").path("phase").asText();
    }

    private static String storageClass(JsonNode object) {
        JsonNode annotation = object.path("metadata").path("annotations").path(BETA_CLASS);
        return annotation.isTextual()
                ? annotation.asText()
                : object.path("spec").path("storageClassName").asText();
    }

    private static String nodeStatus(JsonNode node) {
        JsonNode ready = Cells.condition(node, "Ready");
        String status = ready.isMissingNode()
                ? "Unknown"
                : ready.path("status").asText().equals("True") ? "Ready" : "NotReady";
        return node.path("spec").path("unschedulable").asBoolean() ? status + ",SchedulingDisabled" : status;
    }

    private static String roles(JsonNode node) {
        TreeSet<String> roles = new TreeSet<>();
        for (Map.Entry<String, String> label :
                Cells.sorted(node.path("metadata").path("labels")).entrySet()) {
            if (label.getKey().startsWith(ROLE_PREFIX) && label.getKey().length() > ROLE_PREFIX.length()) {
                roles.add(label.getKey().substring(ROLE_PREFIX.length()));
            } else if (label.getKey().equals("kubernetes.io/role")
                    && !label.getValue().isEmpty()) {
                roles.add(label.getValue());
            }
        }
        return roles.isEmpty() ? Cells.NONE : String.join(",", roles);
    }

    private static String address(JsonNode node, String type) {
        for (JsonNode address : node.path("status").path("addresses")) {
            if (address.path("type").asText().equals(type)) {
                return address.path("address").asText();
            }
        }
        return Cells.NONE;
    }

    private static String kernel(JsonNode info) {
        String version = info.path("kernelVersion").asText();
        String architecture = info.path("architecture").asText();
        if (version.isEmpty()) {
            return Cells.UNKNOWN;
        }
        return architecture.isEmpty() ? version : version + " (" + architecture + ")";
    }

    private static String quota(JsonNode object, boolean limits) {
        List<String> result = new ArrayList<>();
        JsonNode used = object.path("status").path("used");
        Cells.sorted(object.path("status").path("hard")).forEach((resource, hard) -> {
            if (resource.startsWith("limits.") == limits) {
                result.add(resource + ": " + Cells.text(used.path(resource), "0") + "/" + hard);
            }
        });
        return String.join(", ", result);
    }

    private static List<TableLayout.Column> eventColumns() {
        List<TableLayout.Column> columns = new ArrayList<>(
                TableLayout.columns("Last Seen|Type|Reason|Object|*Subobject|*Source|Message|*First Seen|*Count"));
        columns.add(new TableLayout.Column("Name", "string", "name", 1));
        return columns;
    }

    private static void event(com.fasterxml.jackson.databind.node.ArrayNode row, JsonNode event, Instant now) {
        // Events of the newer group keep the old fields under other names.
        boolean newer = event.has("regarding") || event.has("note");
        JsonNode object = event.path(newer ? "regarding" : "involvedObject");
        JsonNode source = event.path(newer ? "deprecatedSource" : "source");
        String reporter =
                event.path(newer ? "reportingController" : "reportingComponent").asText();
        JsonNode series = event.path("series");
        String eventTime = Cells.since(event.path("eventTime"), now);
        JsonNode firstTime = event.path(newer ? "deprecatedFirstTimestamp" : "firstTimestamp");
        JsonNode lastTime = event.path(newer ? "deprecatedLastTimestamp" : "lastTimestamp");
        String first = firstTime.isTextual() ? Cells.since(firstTime, now) : eventTime;
        String last = lastTime.isTextual() ? Cells.since(lastTime, now) : first;
        int count = event.path(newer ? "deprecatedCount" : "count").asInt();
        if (series.isObject()) {
            last = Cells.since(series.path("lastObservedTime"), now);
            count = series.path("count").asInt();
        } else if (count == 0) {
            count = 1;
        }
        String kind = Ascii.toLowerCase(object.path("kind").asText());
        String name = object.path("name").asText();
        row.add(last).add(event.path("type").asText()).add(event.path("reason").asText());
        row.add(name.isEmpty() ? kind : kind + "/" + name);
        row.add(object.path("fieldPath").asText());
        String host =
                Cells.text(source.path("host"), event.path("reportingInstance").asText());
        String component = Cells.text(source.path("component"), reporter);
        row.add(host.isEmpty() ? component : component + ", " + host);
        row.add(event.path(newer ? "note" : "message").asText().strip());
        row.add(first).add(count).add(event.path("metadata").path("name").asText());
    }
}
