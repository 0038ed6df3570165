package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.base.Ascii;
import com.google.common.collect.ImmutableMap;
import java.time.Duration;
import java.time.Instant;

/** The tables of what runs pods. */
final class WorkloadTables {
    private WorkloadTables() {}

    static void register(ImmutableMap.Builder<String, TableLayout> layouts) {
        layouts.put("/Pod", PodTable.LAYOUT);
        layouts.put("/PodTemplate", TableLayout.of("Containers|Images|Pod Labels", (row, o, now) -> {
            JsonNode template = o.path("template");
            row.add(Cells.containers(template.path("spec"))).add(Cells.images(template.path("spec")));
            row.add(Cells.labels(template.path("metadata").path("labels")));
        }));
        layouts.put("/ReplicationController", replicas(true));
        layouts.put("apps/ReplicaSet", replicas(false));
        TableLayout deployment =
                TableLayout.of("Ready|Up-to-date|Available|Age|*Containers|*Images|*Selector", (row, o, now) -> {
                    JsonNode status = o.path("status");
                    row.add(status.path("readyReplicas").asInt() + "/"
                            + o.path("spec").path("replicas").asInt());
                    row.add(status.path("updatedReplicas").asInt())
                            .add(status.path("availableReplicas").asInt());
                    row.add(Cells.age(o, now));
                    template(row, o);
                    row.add(Cells.selector(o.path("spec").path("selector")));
                });
        layouts.put("apps/Deployment", deployment);
        layouts.put("extensions/Deployment", deployment);
        layouts.put(
                "apps/DaemonSet",
                TableLayout.of(
                        "Desired:integer|Current:integer|Ready:integer|Up-to-date:integer|Available:integer|Node Selector|Age"
                                + "|*Containers|*Images|*Selector",
                        (row, o, now) -> {
                            JsonNode status = o.path("status");
                            row.add(status.path("desiredNumberScheduled").asInt());
                            row.add(status.path("currentNumberScheduled").asInt());
                            row.add(status.path("numberReady").asInt());
                            row.add(status.path("updatedNumberScheduled").asInt());
                            row.add(status.path("numberAvailable").asInt());
                            JsonNode pod = o.path("spec").path("template").path("spec");
                            row.add(Cells.labels(pod.path("nodeSelector")));
                            row.add(Cells.age(o, now));
                            template(row, o);
                            row.add(Cells.selector(o.path("spec").path("selector")));
                        }));
        layouts.put("apps/StatefulSet", TableLayout.of("Ready|Age|*Containers|*Images", (row, o, now) -> {
            row.add(o.path("status").path("readyReplicas").asInt() + "/"
                    + o.path("spec").path("replicas").asInt());
            row.add(Cells.age(o, now));
            template(row, o);
        }));
        layouts.put("apps/ControllerRevision", TableLayout.of("Controller|Revision|Age", (row, o, now) -> {
            row.add(controller(o)).add(o.path("revision").asLong()).add(Cells.age(o, now));
        }));
        layouts.put(
                "batch/Job",
                TableLayout.of("Status|Completions|Duration|Age|*Containers|*Images|*Selector", (row, o, now) -> {
                    row.add(jobStatus(o)).add(completions(o)).add(jobDuration(o, now));
                    row.add(Cells.age(o, now));
                    template(row, o);
                    row.add(Cells.selector(o.path("spec").path("selector")));
                }));
        layouts.put(
                "batch/CronJob",
                TableLayout.of(
                        "Schedule|Timezone|Suspend:boolean|Active:integer|Last Schedule|Age|*Containers|*Images|*Selector",
                        (row, o, now) -> {
                            JsonNode spec = o.path("spec");
                            JsonNode last = o.path("status").path("lastScheduleTime");
                            row.add(spec.path("schedule").asText());
                            row.add(Cells.text(spec.path("timeZone"), Cells.NONE));
                            row.add(Cells.capitalized(spec.path("suspend").asBoolean()));
                            row.add(o.path("status").path("active").size());
                            row.add(last.isTextual() ? Cells.since(last, now) : Cells.NONE);
                            row.add(Cells.age(o, now));
                            JsonNode job = spec.path("jobTemplate").path("spec");
                            JsonNode pod = job.path("template").path("spec");
                            row.add(Cells.containers(pod)).add(Cells.images(pod));
                            row.add(Cells.selector(job.path("selector")));
                        }));
        layouts.put(
                "autoscaling/HorizontalPodAutoscaler",
                TableLayout.of("Reference|Targets|MinPods|MaxPods|Replicas|Age", AutoscalerCells::write));
        layouts.put("autoscaling/Scale", TableLayout.of("Desired:integer|Available:integer|Age", (row, o, now) -> {
            row.add(o.path("spec").path("replicas").asInt())
                    .add(o.path("status").path("replicas").asInt());
            row.add(Cells.age(o, now));
        }));
        layouts.put(
                "policy/PodDisruptionBudget",
                TableLayout.of("Min Available|Max Unavailable|Allowed Disruptions:integer|Age", (row, o, now) -> {
                    row.add(Cells.text(o.path("spec").path("minAvailable"), "N/A"));
                    row.add(Cells.text(o.path("spec").path("maxUnavailable"), "N/A"));
                    row.add(o.path("status").path("disruptionsAllowed").asInt());
                    row.add(Cells.age(o, now));
                }));
    }

    private static TableLayout replicas(boolean plainSelector) {
        return TableLayout.of(
                "Desired:integer|Current:integer|Ready:integer|Age|*Containers|*Images|*Selector", (row, o, now) -> {
                    row.add(o.path("spec").path("replicas").asInt());
                    row.add(o.path("status").path("replicas").asInt());
                    row.add(o.path("status").path("readyReplicas").asInt());
                    row.add(Cells.age(o, now));
                    template(row, o);
                    JsonNode selector = o.path("spec").path("selector");
                    row.add(plainSelector ? Cells.labels(selector) : Cells.selector(selector));
                });
    }

    private static void template(com.fasterxml.jackson.databind.node.ArrayNode row, JsonNode object) {
        JsonNode pod = object.path("spec").path("template").path("spec");
        row.add(Cells.containers(pod)).add(Cells.images(pod));
    }

    private static String controller(JsonNode object) {
        for (JsonNode owner : object.path("metadata").path("ownerReferences")) {
            if (owner.path("controller").asBoolean()) {
                String apiVersion = owner.path("apiVersion").asText();
                int slash = apiVersion.indexOf('/');
                String group = slash < 0 ? "" : "." + apiVersion.substring(0, slash);
                return Ascii.toLowerCase(owner.path("kind").asText()) + group + "/"
                        + owner.path("name").asText();
            }
        }
        return Cells.NONE;
    }

    private static String jobStatus(JsonNode job) {
        if (Cells.conditionTrue(job, "Complete")) {
            return "Complete";
        }
        if (Cells.conditionTrue(job, "Failed")) {
            return "Failed";
        }
        if (job.path("metadata").has("deletionTimestamp")) {
            return "Terminating";
        }
        for (String type : new String[] {"Suspended", "FailureTarget", "SuccessCriteriaMet"}) {
            if (Cells.conditionTrue(job, type)) {
                return type;
            }
        }
        return "Running";
    }

    private static String completions(JsonNode job) {
        JsonNode spec = job.path("spec");
        String succeeded = job.path("status").path("succeeded").asInt() + "/";
        if (spec.path("completions").isNumber()) {
            return succeeded + spec.path("completions").asInt();
        }
        int parallelism = spec.path("parallelism").asInt();
        return parallelism > 1 ? succeeded + "1 of " + parallelism : succeeded + "1";
    }

    private static String jobDuration(JsonNode job, Instant now) {
        JsonNode start = job.path("status").path("startTime");
        JsonNode end = job.path("status").path("completionTime");
        if (!start.isTextual()) {
            return "";
        }
        return Cells.duration(Duration.between(Cells.instant(start), end.isTextual() ? Cells.instant(end) : now));
    }
}
