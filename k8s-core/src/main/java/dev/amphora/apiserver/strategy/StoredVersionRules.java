package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.node.NullNode;
import java.util.ArrayList;
import java.util.List;

/** The rules for the versions in which objects of a custom resource may still be stored. */
final class StoredVersionRules {
    private StoredVersionRules() {}

    static void check(Fields stored, Fields versions) {
        if (stored.isEmpty()) {
            stored.with(NullNode.getInstance()).invalid("must have at least one stored version");
            return;
        }
        List<String> names = new ArrayList<>();
        stored.elements().forEach(each -> names.add(each.text()));
        List<String> known = new ArrayList<>();
        for (Fields version : versions.elements()) {
            String name = version.at("name").text();
            known.add(name);
            if (version.at("storage").flag() && !names.contains(name)) {
                stored.invalid("must have the storage version " + name);
            }
            names.remove(name); // Of two versions of one name only the first is known to be stored.
        }
        for (Fields each : stored.elements()) {
            if (!known.contains(each.text())) {
                each.invalid(("missing from spec.versions; %1$s was previously a storage version, and must remain in"
                                + " spec.versions until a storage migration ensures no data remains persisted in %1$s and"
                                + " removes %1$s from status.storedVersions")
                        .formatted(each.text()));
            }
        }
    }
}
