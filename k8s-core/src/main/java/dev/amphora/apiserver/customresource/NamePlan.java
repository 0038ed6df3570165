package dev.amphora.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Decides which of its names a definition gets, and when its objects are served. Pure: from definitions to a status. */
public final class NamePlan {
    private NamePlan() {}

    /**
     * The next status of a definition, as far as it depends on names.
     *
     * @param definition whose status is to follow from its names
     * @param others all other definitions of its group
     * @param now the time, as objects carry it
     * @return empty if the status is right as it is
     */
    public static Optional<ObjectNode> next(Definition definition, Collection<Definition> others, String now) {
        DefinedNames wanted = definition.requested();
        DefinedNames had = definition.accepted();
        Set<String> resources = new LinkedHashSet<>();
        Set<String> kinds = new LinkedHashSet<>();
        Set<String> asked = new HashSet<>(wanted.shortNames());
        asked.addAll(List.of(wanted.plural(), wanted.singular(), wanted.kind(), wanted.listKind()));
        for (Definition other : others) {
            DefinedNames taken = other.accepted();
            addIfAsked(asked, taken.plural(), resources);
            addIfAsked(asked, taken.singular(), resources);
            taken.shortNames().forEach(shortName -> addIfAsked(asked, shortName, resources));
            addIfAsked(asked, taken.kind(), kinds);
            addIfAsked(asked, taken.listKind(), kinds);
        }
        resources.remove("");
        kinds.remove("");
        String reason = "";
        String message = "";
        String plural = had.plural();
        if (isFree(wanted.plural(), had.plural(), resources)) {
            plural = wanted.plural();
        } else {
            reason = "PluralConflict";
            message = taken(wanted.plural());
        }
        String singular = had.singular();
        if (isFree(wanted.singular(), had.singular(), resources)) {
            singular = wanted.singular();
        } else {
            reason = "SingularConflict";
            message = taken(wanted.singular());
        }
        List<String> shortNames = had.shortNames();
        List<String> conflicts = new ArrayList<>();
        for (String shortName : wanted.shortNames()) {
            if (!had.shortNames().contains(shortName) && resources.contains(shortName)) {
                conflicts.add(taken(shortName));
            }
        }
        if (conflicts.isEmpty()) {
            shortNames = wanted.shortNames();
        } else {
            reason = "ShortNamesConflict";
            message = FieldError.aggregate(conflicts);
        }
        String kind = had.kind();
        if (isFree(wanted.kind(), had.kind(), kinds)) {
            kind = wanted.kind();
        } else {
            reason = "KindConflict";
            message = taken(wanted.kind());
        }
        String listKind = had.listKind();
        if (isFree(wanted.listKind(), had.listKind(), kinds)) {
            listKind = wanted.listKind();
        } else {
            reason = "ListKindConflict";
            message = taken(wanted.listKind());
        }
        DefinedNames names = new DefinedNames(plural, singular, kind, listKind, shortNames, wanted.categories());
        ObjectNode status = definition.tree().path("status") instanceof ObjectNode given
                ? given.deepCopy()
                : definition.tree().objectNode();
        Conditions conditions = new Conditions(status, now);
        if (reason.isEmpty()) {
            conditions.set("NamesAccepted", "True", "NoConflicts", "no conflicts found");
            if (!definition.isEstablished()) {
                conditions.set("Established", "False", "Installing", "the initial names have been accepted");
            }
        } else {
            conditions.set("NamesAccepted", "False", reason, message);
            if (!definition.isEstablished()) {
                conditions.set("Established", "False", "NotAccepted", "not all names are accepted");
            }
        }
        status.set("acceptedNames", names.tree());
        return changed(definition, status);
    }

    /** The status with which objects begin to be served; empty if that is not due. */
    public static Optional<ObjectNode> establish(Definition definition, String now) {
        JsonNode status = definition.tree().path("status");
        if (definition.isEstablished() || !Conditions.isTrue(status, "NamesAccepted")) {
            return Optional.empty();
        }
        ObjectNode next = status.deepCopy();
        new Conditions(next, now)
                .set("Established", "True", "InitialNamesAccepted", "the initial names have been accepted");
        return Optional.of(next);
    }

    /** The status while the objects of a definition are being deleted; empty if it is that already. */
    public static Optional<ObjectNode> draining(Definition definition, String now) {
        ObjectNode next = definition.tree().path("status").deepCopy();
        new Conditions(next, now)
                .set("Terminating", "True", "InstanceDeletionInProgress", "CustomResource deletion is in progress");
        return changed(definition, next);
    }

    private static Optional<ObjectNode> changed(Definition definition, ObjectNode status) {
        return status.equals(definition.tree().path("status")) ? Optional.empty() : Optional.of(status);
    }

    private static void addIfAsked(Set<String> asked, String name, Set<String> taken) {
        if (asked.contains(name)) {
            taken.add(name);
        }
    }

    private static boolean isFree(String wanted, String had, Set<String> taken) {
        return wanted.equals(had) || !taken.contains(wanted);
    }

    private static String taken(String name) {
        return "\"" + name + "\" is already in use";
    }
}
