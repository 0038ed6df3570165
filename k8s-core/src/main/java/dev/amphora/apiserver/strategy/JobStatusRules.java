package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.google.common.collect.ImmutableSet;
import dev.amphora.api.FieldError;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What the status of a job may become. Whoever runs the job, its readers rely on these: a finished job stays finished, its times and
 * counts fit its conditions. What was wrong before and isn't touched may stay.
 */
final class JobStatusRules {
    private static final String COMPLETE = "Complete";
    private static final String FAILED = "Failed";
    private static final String FAILURE_TARGET = "FailureTarget";
    private static final String SUCCESS = "SuccessCriteriaMet";

    private final Fields status;
    private final Fields spec;
    private final JsonNode before;
    private final boolean complete;
    private final boolean failed;
    private final boolean target;
    private final boolean success;
    private final boolean finished;
    private final boolean completeChanged;
    private final boolean failedChanged;
    private final boolean finishedChanged;

    private JobStatusRules(Fields job, JsonNode old) {
        status = job.at("status");
        spec = job.at("spec");
        before = old.path("status");
        complete = is(status.value(), COMPLETE);
        failed = is(status.value(), FAILED);
        target = is(status.value(), FAILURE_TARGET);
        success = is(status.value(), SUCCESS);
        finished = complete || failed;
        completeChanged = complete != is(before, COMPLETE);
        failedChanged = failed != is(before, FAILED);
        finishedChanged = finished != (is(before, COMPLETE) || is(before, FAILED));
    }

    static void check(Fields job, JsonNode old) {
        JobStatusRules rules = new JobStatusRules(job, old);
        WorkloadRules.counts(rules.status, "active", "succeeded", "failed", "ready", "terminating");
        rules.uncounted();
        rules.outcome();
        rules.finished();
        rules.indexes();
        rules.pods();
        rules.success();
        rules.transitions();
    }

    private static boolean is(JsonNode status, String type) {
        for (JsonNode condition : status.path("conditions")) {
            if (condition.path("type").asText().equals(type)) {
                return condition.path("status").asText().equals("True");
            }
        }
        return false;
    }

    private boolean changed(String field) {
        return !Strategies.same(status.at(field).value(), before.path(field));
    }

    private void conditions(String detail) {
        FieldError.Type type = FieldError.Type.INVALID;
        status.add(List.of(new FieldError(type, status.at("conditions").path(), type.words() + ": " + detail)));
    }

    private void uncounted() {
        Set<String> seen = new HashSet<>();
        for (String list : List.of("succeeded", "failed")) {
            for (Fields uid : status.at("uncountedTerminatedPods", list).elements()) {
                if (uid.isEmpty()) {
                    uid.invalid("", "must not be empty");
                } else if (!seen.add(uid.text())) {
                    uid.duplicate();
                }
            }
        }
    }

    /** A job is either complete or failed, and says first that it is going to be. */
    private void outcome() {
        Fields completion = status.at("completionTime");
        if ((completeChanged || failedChanged) && complete && failed) {
            conditions("cannot set Complete=True and Failed=true conditions");
        }
        if ((completeChanged || target != is(before, FAILURE_TARGET)) && complete && target) {
            conditions("cannot set Complete=True and FailureTarget=true conditions");
        }
        if (completeChanged || changed("completionTime")) {
            if (completion.given() && !complete) {
                completion.invalid("cannot set completionTime when there is no Complete=True condition");
            }
            if (!completion.given() && complete) {
                completion.required("completionTime is required for Complete jobs");
            }
        }
        if ((changed("startTime") || changed("completionTime")) && endsBeforeStart()) {
            completion.invalid("must be equal to or after `startTime`");
        }
        if (failedChanged && failed && !target) {
            conditions("cannot set Failed=True condition without the FailureTarget=true condition");
        }
        if (completeChanged && complete && !success) {
            conditions("cannot set Complete=True condition without the SuccessCriteriaMet=true condition");
        }
    }

    private boolean endsBeforeStart() {
        try {
            return status.has("startTime")
                    && status.has("completionTime")
                    && Instant.parse(status.at("completionTime").text())
                            .isBefore(Instant.parse(status.at("startTime").text()));
        } catch (DateTimeParseException e) {
            return false;
        }
    }

    private void finished() {
        if (!finished) {
            return;
        }
        Fields active = status.at("active");
        if ((finishedChanged || changed("active")) && active.number() > 0) {
            active.invalid("active>0 is invalid for finished job");
        }
        if ((finishedChanged || changed("startTime")) && !status.has("startTime")) {
            status.at("startTime").required("startTime is required for finished job");
        }
        Fields uncounted = status.at("uncountedTerminatedPods");
        if ((finishedChanged || changed("uncountedTerminatedPods"))
                && !(uncounted.at("succeeded").isEmpty()
                        && uncounted.at("failed").isEmpty())) {
            uncounted.invalid(
                    GoForm.of(uncounted.value(), "batch.v1.UncountedTerminatedPods"),
                    "uncountedTerminatedPods needs to be empty for finished job");
        }
    }

    private void indexes() {
        Fields completedIndexes = status.at("completedIndexes");
        Fields failedIndexes = status.at("failedIndexes");
        boolean counted = spec.has("completions");
        List<Long> done = new ArrayList<>();
        List<Long> lost = new ArrayList<>();
        if (counted) {
            done.addAll(parsed(completedIndexes, changed("completedIndexes")));
            if (spec.has("backoffLimitPerIndex")) {
                lost.addAll(parsed(failedIndexes, changed("failedIndexes")));
            }
        }
        boolean indexed = spec.at("completionMode").is("Indexed");
        if (changed("completedIndexes") && !completedIndexes.isEmpty() && !indexed) {
            completedIndexes.invalid("cannot set non-empty completedIndexes when non-indexed completion mode");
        }
        if (!changed("failedIndexes") && !changed("completedIndexes")) {
            return;
        }
        if (changed("failedIndexes") && !spec.has("backoffLimitPerIndex") && failedIndexes.given()) {
            failedIndexes.invalid("cannot set non-null failedIndexes when backoffLimitPerIndex is null");
        }
        Set<Long> both = ImmutableSet.copyOf(done);
        for (Long index : lost) {
            if (both.contains(index)) {
                failedIndexes.invalid("failedIndexes and completedIndexes overlap at index: " + index);
                break;
            }
        }
    }

    private List<Long> parsed(Fields field, boolean complain) {
        IndexSet parsed = IndexSet.parse(field.text(), spec.at("completions").number());
        if (parsed.error().isEmpty()) {
            return parsed.indexes();
        }
        if (complain) {
            String name = field.path().substring(field.path().lastIndexOf('.') + 1);
            field.invalid("error parsing %s: %s".formatted(name, parsed.error()));
        }
        return List.of();
    }

    private void pods() {
        Fields terminating = status.at("terminating");
        if ((finishedChanged || changed("terminating")) && finished && terminating.number() > 0) {
            terminating.invalid("terminating>0 is invalid for finished job");
        }
        Fields ready = status.at("ready");
        if ((changed("ready") || changed("active"))
                && ready.given()
                && ready.number() > status.at("active").number()) {
            ready.invalid("cannot set more ready pods than active");
        }
    }

    private void success() {
        if (success && failed) {
            conditions("cannot set SuccessCriteriaMet=True and Failed=true conditions");
        }
        if (success && target) {
            conditions("cannot set SuccessCriteriaMet=True and FailureTarget=true conditions");
        }
        if (spec.has("successPolicy") && !success && complete) {
            conditions("cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True");
        }
    }

    private void transitions() {
        for (String type : List.of(FAILED, COMPLETE, FAILURE_TARGET)) {
            if (is(before, type) && !is(status.value(), type)) {
                conditions("cannot disable the terminal %s=True condition".formatted(type));
            }
        }
        decreases("failed");
        boolean elastic = spec.at("completionMode").is("Indexed")
                && Strategies.same(
                        spec.at("completions").value(), spec.at("parallelism").value());
        if (!elastic) {
            decreases("succeeded");
        }
        Fields completion = status.at("completionTime");
        if (completion.given() && before.hasNonNull("completionTime") && changed("completionTime")) {
            completion.invalid("field is immutable");
        }
        Fields start = status.at("startTime");
        if (before.hasNonNull("startTime")
                && changed("startTime")
                && !spec.at("suspend").flag()) {
            start.invalid(
                    start.given() ? start.value() : NullNode.getInstance(),
                    "field is immutable for unsuspended job once set");
        }
        if (is(before, SUCCESS) && !success) {
            conditions("cannot disable the SuccessCriteriaMet=True condition");
        }
        if (is(before, COMPLETE) && !is(before, SUCCESS) && success) {
            conditions("cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions");
        }
    }

    private void decreases(String which) {
        Fields count = status.at(which);
        if (count.number() < before.path(which).asLong()) {
            count.invalid(LongNode.valueOf(count.number()), "cannot decrease the %s counter".formatted(which));
        }
    }
}
