package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableMap;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The tables of the kinds that rule over others: access, admission, scheduling, storage classes and drivers. */
final class PolicyTables {
    private PolicyTables() {}

    static void register(ImmutableMap.Builder<String, TableLayout> layouts) {
        access(layouts);
        admission(layouts);
        storage(layouts);
        resources(layouts);
        layouts.put("coordination.k8s.io/Lease", TableLayout.of("Holder|Age", (row, o, now) -> {
            row.add(o.path("spec").path("holderIdentity").asText()).add(Cells.age(o, now));
        }));
        layouts.put("node.k8s.io/RuntimeClass", TableLayout.of("Handler=|Age", (row, o, now) -> {
            row.add(o.path("handler").asText()).add(Cells.age(o, now));
        }));
        layouts.put(
                "scheduling.k8s.io/PriorityClass",
                TableLayout.of("Value:integer|Global-Default:boolean|Age|PreemptionPolicy", (row, o, now) -> {
                    row.add(o.path("value").asInt()).add(o.path("globalDefault").asBoolean());
                    row.add(Cells.age(o, now));
                    row.add(Cells.text(o.path("preemptionPolicy"), "PreemptLowerPriority"));
                }));
        layouts.put("apiregistration.k8s.io/APIService", TableLayout.of("Service|Available|Age", (row, o, now) -> {
            JsonNode service = o.path("spec").path("service");
            JsonNode available = Cells.condition(o, "Available");
            String status = Cells.text(available.path("status"), "Unknown");
            row.add(
                    service.isObject()
                            ? service.path("namespace").asText() + "/"
                                    + service.path("name").asText()
                            : "Local");
            row.add(
                    status.equals("True") || available.isMissingNode()
                            ? status
                            : status + " (" + available.path("reason").asText() + ")");
            row.add(Cells.age(o, now));
        }));
        flowControl(layouts);
    }

    private static void access(ImmutableMap.Builder<String, TableLayout> layouts) {
        TableLayout binding = TableLayout.of("Role|Age|*Users|*Groups|*ServiceAccounts", (row, o, now) -> {
            JsonNode role = o.path("roleRef");
            row.add(role.path("kind").asText() + "/" + role.path("name").asText());
            row.add(Cells.age(o, now));
            row.add(subjects(o, "User")).add(subjects(o, "Group")).add(subjects(o, "ServiceAccount"));
        });
        layouts.put("rbac.authorization.k8s.io/RoleBinding", binding);
        layouts.put("rbac.authorization.k8s.io/ClusterRoleBinding", binding);
        layouts.put(
                "certificates.k8s.io/CertificateSigningRequest",
                TableLayout.of("Age|SignerName|Requestor|RequestedDuration|Condition", (row, o, now) -> {
                    JsonNode spec = o.path("spec");
                    JsonNode seconds = spec.path("expirationSeconds");
                    row.add(Cells.age(o, now)).add(Cells.text(spec.path("signerName"), Cells.NONE));
                    row.add(spec.path("username").asText());
                    row.add(seconds.isNumber() ? Cells.duration(Duration.ofSeconds(seconds.asLong())) : Cells.NONE);
                    row.add(requestStatus(o));
                }));
    }

    private static String subjects(JsonNode binding, String kind) {
        List<String> result = new ArrayList<>();
        for (JsonNode subject : binding.path("subjects")) {
            if (subject.path("kind").asText().equals(kind)) {
                String name = subject.path("name").asText();
                result.add(
                        kind.equals("ServiceAccount")
                                ? subject.path("namespace").asText() + "/" + name
                                : name);
            }
        }
        return String.join(", ", result);
    }

    private static String requestStatus(JsonNode request) {
        boolean approved = false;
        boolean denied = false;
        boolean failed = false;
        for (JsonNode condition : request.path("status").path("conditions")) {
            String type = condition.path("type").asText();
            approved |= type.equals("Approved");
            denied |= type.equals("Denied");
            failed |= type.equals("Failed");
        }
        String status = denied ? "Denied" : approved ? "Approved" : "Pending";
        if (failed) {
            status += ",Failed";
        }
        return request.path("status").path("certificate").asText().isEmpty() ? status : status + ",Issued";
    }

    private static void admission(ImmutableMap.Builder<String, TableLayout> layouts) {
        String group = "admissionregistration.k8s.io/";
        TableLayout webhooks = TableLayout.of("Webhooks:integer|Age", (row, o, now) -> {
            row.add(o.path("webhooks").size()).add(Cells.age(o, now));
        });
        layouts.put(group + "MutatingWebhookConfiguration", webhooks);
        layouts.put(group + "ValidatingWebhookConfiguration", webhooks);
        layouts.put(group + "ValidatingAdmissionPolicy", policy("Validations", "validations"));
        layouts.put(group + "MutatingAdmissionPolicy", policy("Mutations", "mutations"));
        TableLayout binding = TableLayout.of("PolicyName|ParamRef|Age", (row, o, now) -> {
            row.add(o.path("spec").path("policyName").asText());
            row.add(parameter(o.path("spec").path("paramRef"))).add(Cells.age(o, now));
        });
        layouts.put(group + "ValidatingAdmissionPolicyBinding", binding);
        layouts.put(group + "MutatingAdmissionPolicyBinding", binding);
    }

    private static TableLayout policy(String column, String field) {
        return TableLayout.of(column + ":integer|ParamKind|Age", (row, o, now) -> {
            JsonNode kind = o.path("spec").path("paramKind");
            row.add(o.path("spec").path(field).size());
            row.add(
                    kind.isObject()
                            ? kind.path("apiVersion").asText() + "/"
                                    + kind.path("kind").asText()
                            : Cells.UNSET);
            row.add(Cells.age(o, now));
        });
    }

    private static String parameter(JsonNode reference) {
        if (!reference.isObject()) {
            return Cells.UNSET;
        }
        if (!reference.path("name").asText().isEmpty()) {
            String namespace = reference.path("namespace").asText();
            return (namespace.isEmpty() ? "*" : namespace) + "/"
                    + reference.path("name").asText();
        }
        StringBuilder labels = new StringBuilder();
        Cells.sorted(reference.path("selector").path("matchLabels"))
                .forEach((k, v) -> labels.append(k).append(": ").append(v).append(','));
        return "&LabelSelector{MatchLabels:map[string]string{" + (labels.length() == 0 ? "" : labels)
                + "},MatchExpressions:[]LabelSelectorRequirement{},}";
    }

    private static void storage(ImmutableMap.Builder<String, TableLayout> layouts) {
        layouts.put(
                "storage.k8s.io/StorageClass",
                new TableLayout(
                        TableLayout.of(
                                        "Provisioner|ReclaimPolicy|VolumeBindingMode|AllowVolumeExpansion|Age",
                                        (r, o, n) -> {})
                                .columns(),
                        (row, o, now) -> {
                            row.add(NetworkTables.withDefault(
                                    o,
                                    "storageclass.kubernetes.io/is-default-class",
                                    "storageclass.beta.kubernetes.io/is-default-class"));
                            row.add(o.path("provisioner").asText());
                            row.add(Cells.text(o.path("reclaimPolicy"), "Delete"));
                            row.add(Cells.text(o.path("volumeBindingMode"), Cells.UNSET));
                            row.add(o.path("allowVolumeExpansion").asBoolean()).add(Cells.age(o, now));
                        }));
        layouts.put("storage.k8s.io/VolumeAttributesClass", TableLayout.of("DriverName|Age", (row, o, now) -> {
            row.add(o.path("driverName").asText()).add(Cells.age(o, now));
        }));
        layouts.put(
                "storage.k8s.io/VolumeAttachment",
                TableLayout.of("Attacher|PV|Node|Attached:boolean|Age", (row, o, now) -> {
                    JsonNode spec = o.path("spec");
                    row.add(spec.path("attacher").asText());
                    row.add(spec.path("source").path("persistentVolumeName").asText());
                    row.add(spec.path("nodeName").asText());
                    row.add(o.path("status").path("attached").asBoolean()).add(Cells.age(o, now));
                }));
        layouts.put("storage.k8s.io/CSINode", TableLayout.of("Drivers:integer|Age", (row, o, now) -> {
            row.add(o.path("spec").path("drivers").size()).add(Cells.age(o, now));
        }));
        layouts.put(
                "storage.k8s.io/CSIDriver",
                TableLayout.of(
                        "AttachRequired:boolean|PodInfoOnMount:boolean|StorageCapacity:boolean|TokenRequests"
                                + "|RequiresRepublish:boolean|Modes|Age",
                        (row, o, now) -> {
                            JsonNode spec = o.path("spec");
                            List<String> audiences = Cells.each(spec.path("tokenRequests"), "audience");
                            List<String> modes = Cells.strings(spec.path("volumeLifecycleModes"));
                            row.add(spec.path("attachRequired").asBoolean(true));
                            row.add(spec.path("podInfoOnMount").asBoolean());
                            row.add(spec.path("storageCapacity").asBoolean());
                            row.add(audiences.isEmpty() ? Cells.UNSET : String.join(",", audiences));
                            row.add(spec.path("requiresRepublish").asBoolean());
                            row.add(modes.isEmpty() ? Cells.NONE : String.join(",", modes));
                            row.add(Cells.age(o, now));
                        }));
    }

    private static void resources(ImmutableMap.Builder<String, TableLayout> layouts) {
        TableLayout aged = TableLayout.of("Age", (row, o, now) -> row.add(Cells.age(o, now)));
        layouts.put("resource.k8s.io/DeviceClass", aged);
        layouts.put("resource.k8s.io/ResourceClaimTemplate", aged);
        layouts.put("resource.k8s.io/ResourceClaim", TableLayout.of("State|Age", (row, o, now) -> {
            row.add(claimState(o)).add(Cells.age(o, now));
        }));
        layouts.put("resource.k8s.io/ResourceSlice", TableLayout.of("Node|Driver|Pool|Age", (row, o, now) -> {
            JsonNode spec = o.path("spec");
            row.add(spec.path("nodeName").asText()).add(spec.path("driver").asText());
            row.add(spec.path("pool").path("name").asText()).add(Cells.age(o, now));
        }));
    }

    private static String claimState(JsonNode claim) {
        List<String> states = new ArrayList<>();
        if (claim.path("metadata").has("deletionTimestamp")) {
            states.add("deleted");
        }
        if (!claim.path("status").path("allocation").isObject()) {
            if (states.isEmpty()) {
                states.add("pending");
            }
        } else {
            states.add("allocated");
            states.add(claim.path("status").path("reservedFor").isEmpty() ? "" : "reserved");
            states.remove("");
        }
        return String.join(",", states);
    }

    private static void flowControl(ImmutableMap.Builder<String, TableLayout> layouts) {
        layouts.put(
                "flowcontrol.apiserver.k8s.io/FlowSchema",
                TableLayout.of("PriorityLevel|MatchingPrecedence|DistinguisherMethod|Age|MissingPL", (row, o, now) -> {
                    JsonNode spec = o.path("spec");
                    String dangling = Cells.text(Cells.condition(o, "Dangling").path("status"), "?");
                    row.add(spec.path("priorityLevelConfiguration").path("name").asText());
                    row.add(spec.path("matchingPrecedence").asInt());
                    row.add(Cells.text(spec.path("distinguisherMethod").path("type"), Cells.NONE));
                    row.add(Cells.age(o, now)).add(dangling);
                }));
        layouts.put(
                "flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration",
                TableLayout.of("Type|NominalConcurrencyShares|Queues|HandSize|QueueLengthLimit|Age", (row, o, now) -> {
                    JsonNode limited = o.path("spec").path("limited");
                    JsonNode queuing = limited.path("limitResponse").path("queuing");
                    row.add(o.path("spec").path("type").asText());
                    number(row, limited.path("nominalConcurrencyShares"));
                    number(row, queuing.path("queues"));
                    number(row, queuing.path("handSize"));
                    number(row, queuing.path("queueLengthLimit"));
                    row.add(Cells.age(o, now));
                }));
    }

    private static void number(com.fasterxml.jackson.databind.node.ArrayNode row, JsonNode value) {
        if (value.isNumber()) {
            row.add(value.asInt());
        } else {
            row.add(Cells.NONE);
        }
    }
}
