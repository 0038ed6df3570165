package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.setDefault;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.CronSchedule;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/** Cron jobs. */
final class CronJobStrategy extends KindStrategy {
    /** What the jobs' names add: a hyphen and ten digits. */
    private static final int LONGEST_NAME = 52;

    CronJobStrategy() {
        super(Trait.GENERATION);
    }

    @Override
    public void setDefaults(ObjectNode object) {
        ObjectNode spec = Strategies.child(object, "spec");
        setDefault(spec, "concurrencyPolicy", "Allow");
        setDefault(spec, "suspend", false);
        setDefault(spec, "successfulJobsHistoryLimit", 3);
        setDefault(spec, "failedJobsHistoryLimit", 1);
        ObjectNode job = Strategies.child(Strategies.child(spec, "jobTemplate"), "spec");
        for (JsonNode rule : job.path("podFailurePolicy").path("rules")) {
            Strategies.objects(rule.path("onPodConditions"))
                    .forEach(condition -> setDefault(condition, "status", "True"));
        }
        PodDefaults.template(Strategies.child(job, "template"));
    }

    @Override
    void rules(Fields cron) {
        Fields name = cron.at("metadata", "name");
        Fields spec = cron.at("spec");
        Fields schedule = spec.at("schedule");
        if (schedule.requireText()) {
            schedule(schedule);
        }
        if (spec.has("startingDeadlineSeconds")) {
            spec.at("startingDeadlineSeconds").notNegative();
        }
        zone(spec.at("timeZone"));
        if (spec.at("concurrencyPolicy").requireText()) {
            spec.at("concurrencyPolicy").oneOf("Allow", "Forbid", "Replace");
        }
        JobRules.template(spec.at("jobTemplate", "spec"));
        for (String limit : List.of("successfulJobsHistoryLimit", "failedJobsHistoryLimit")) {
            if (spec.has(limit)) {
                spec.at(limit).notNegative();
            }
        }
        if (Names.bytes(name.text()) > LONGEST_NAME) {
            name.invalid("must be no more than %d characters".formatted(LONGEST_NAME));
        }
    }

    private static void schedule(Fields schedule) {
        String text = schedule.text();
        try {
            CronSchedule.parse(text, ZoneOffset.UTC);
        } catch (IllegalArgumentException e) {
            schedule.invalid(Objects.requireNonNullElse(e.getMessage(), ""));
        }
        if (text.contains("TZ")) {
            schedule.invalid("cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
        }
    }

    private static void zone(Fields zone) {
        if (!zone.given()) {
            return;
        }
        String text = zone.text();
        if (text.isEmpty()) {
            zone.invalid("timeZone must be nil or non-empty string");
            return;
        }
        if (text.toLowerCase(Locale.ROOT).equals("local")) {
            zone.invalid("timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones");
        }
        if (!text.equals("Local") && !ZoneId.getAvailableZoneIds().contains(text)) {
            zone.invalid("unknown time zone " + text);
        }
    }

    /** Nothing is asked of the status, nor of the metadata beyond what is asked of all objects. */
    @Override
    void statusUpdateRules(Fields cron, ObjectNode old) {}

    @Override
    void updateRules(Fields cron, ObjectNode old) {
        metadataUpdate(cron, old);
        rules(cron);
    }

    @Override
    public List<String> warnings(ObjectNode object) {
        return PodWarnings.of(Fields.of(object).at("spec", "jobTemplate", "spec", "template"));
    }

    @Override
    public List<String> updateWarnings(ObjectNode object, ObjectNode old) {
        return PodWarnings.ifChanged(object, old, warnings(object));
    }
}
