package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.setDefault;
import static dev.amphora.apiserver.strategy.Strategies.setIfZero;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Priority levels: how many requests may be under way at once, and what happens to the rest. */
final class PriorityLevelStrategy extends KindStrategy {
    private static final long MOST_QUEUES = 10_000_000;

    PriorityLevelStrategy() {
        super(Trait.GENERATION);
    }

    @Override
    public void setDefaults(ObjectNode object) {
        ObjectNode spec = Strategies.child(object, "spec");
        if (spec.path("exempt") instanceof ObjectNode exempt) {
            setDefault(exempt, "nominalConcurrencyShares", 0);
            setDefault(exempt, "lendablePercent", 0);
        }
        if (spec.path("limited") instanceof ObjectNode limited) {
            setDefault(limited, "nominalConcurrencyShares", 30);
            setDefault(limited, "lendablePercent", 0);
            if (limited.path("limitResponse").path("queuing") instanceof ObjectNode queuing) {
                setIfZero(queuing, "queues", 64);
                setIfZero(queuing, "handSize", 8);
                setIfZero(queuing, "queueLengthLimit", 50);
            }
        }
    }

    @Override
    public void prepareForCreate(ObjectNode object) {
        object.remove("status");
        object.putObject("status");
    }

    /** All metadata stays as it was. */
    @Override
    public void prepareForStatusUpdate(ObjectNode object, ObjectNode old) {
        Strategies.keepAllButStatus(object, old);
        JsonNode version = object.path("metadata").path("resourceVersion");
        Strategies.keep(object, old, "metadata");
        Strategies.metadata(object).set("resourceVersion", version);
    }

    @Override
    void rules(Fields level) {
        Fields spec = level.at("spec");
        Fields type = spec.at("type");
        boolean exempt = level.at("metadata", "name").is("exempt");
        if (!type.isEmpty() && exempt != type.is("Exempt")) {
            type.invalid("must be 'Exempt' if and only if `name` is 'exempt'");
        }
        switch (type.text()) {
            case "Exempt" -> {
                shares(spec.at("exempt"));
                percent(spec.at("exempt", "lendablePercent"));
                if (spec.has("limited")) {
                    spec.at("limited").forbidden("must be nil if the type is not Limited");
                }
            }
            case "Limited" -> {
                if (spec.has("exempt")) {
                    spec.at("exempt").forbidden("must be nil if the type is Limited");
                }
                if (spec.has("limited")) {
                    limited(spec.at("limited"));
                } else {
                    spec.at("limited").required("must not be empty when type is Limited");
                }
            }
            case "" -> type.required();
            default -> type.oneOf("Exempt", "Limited");
        }
    }

    private static void shares(Fields owner) {
        if (owner.at("nominalConcurrencyShares").number() < 0) {
            owner.at("nominalConcurrencyShares").invalid("must be a non-negative integer");
        }
    }

    private static void percent(Fields percent) {
        if (percent.given()) {
            percent.between(0, 100);
        }
    }

    private static void limited(Fields limited) {
        shares(limited);
        response(limited.at("limitResponse"));
        percent(limited.at("lendablePercent"));
        Fields borrowing = limited.at("borrowingLimitPercent");
        if (borrowing.number() < 0) {
            borrowing.invalid("if specified, must be a non-negative integer");
        }
    }

    private static void response(Fields response) {
        Fields queuing = response.at("queuing");
        switch (response.at("type").text()) {
            case "Reject" -> {
                if (queuing.given()) {
                    queuing.forbidden("must be nil if limited.limitResponse.type is not Limited");
                }
            }
            case "Queue" -> {
                if (queuing.given()) {
                    queues(queuing);
                } else {
                    queuing.required("must not be empty if limited.limitResponse.type is Limited");
                }
            }
            case "" -> response.at("type").required();
            default -> response.at("type").oneOf("Queue", "Reject");
        }
    }

    private static void queues(Fields queuing) {
        positive(queuing.at("queueLengthLimit"));
        Fields queues = queuing.at("queues");
        positive(queues);
        if (queues.number() > MOST_QUEUES) {
            queues.invalid("must not be greater than " + MOST_QUEUES);
        }
        Fields hand = queuing.at("handSize");
        positive(hand);
        if (hand.number() > queues.number()) {
            hand.invalid("should not be greater than queues (%d)".formatted(queues.number()));
        }
    }

    private static void positive(Fields number) {
        if (number.number() <= 0) {
            number.invalid("must be positive");
        }
    }

    @Override
    void updateRules(Fields level, ObjectNode old) {
        metadata(level);
        rules(level);
    }

    @Override
    void statusUpdateRules(Fields level, ObjectNode old) {
        metadataUpdate(level, old);
        FlowSchemaStrategy.conditions(level.at("status", "conditions"));
    }
}
