package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.node.TextNode;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** Names that drivers give to what devices have, and to the pools they are in. */
final class DeviceNames {
    private static final int LONGEST_POOL = 253;
    private static final int LONGEST_IDENTIFIER = 32;
    private static final int UUID_LENGTH = 36;
    private static final Pattern UUID = Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");

    private DeviceNames() {}

    /** Subdomains with slashes between them. */
    static void pool(Fields name) {
        if (!name.requireText()) {
            return;
        }
        if (Names.bytes(name.text()) > LONGEST_POOL) {
            name.tooLong(LONGEST_POOL);
        }
        for (String part : name.text().split("/", -1)) {
            for (String detail : Names.subdomain(part)) {
                name.invalid(part, detail);
            }
        }
    }

    /** An identifier, of a driver's domain if one is named. */
    static void qualified(Fields place, String name) {
        String[] parts = name.split("/", -1);
        if (parts.length == 1) {
            identifier(place, name);
        } else if (parts.length == 2) {
            if (parts[0].isEmpty()) {
                place.invalid("", "the domain must not be empty");
            } else {
                StorageRules.driverName(place.with(TextNode.valueOf(parts[0])));
            }
            if (parts[1].isEmpty()) {
                place.invalid("", "the name must not be empty");
            } else {
                identifier(place, parts[1]);
            }
        }
    }

    /** An identifier with the domain that it is of. */
    static void fullyQualified(Fields name) {
        qualified(name, name.text());
        if (name.text().indexOf('/') < 0) {
            name.invalid("a fully qualified name must be a domain and a name separated by a slash");
        }
    }

    private static void identifier(Fields place, String name) {
        if (Names.bytes(name) > LONGEST_IDENTIFIER) {
            place.tooLong(LONGEST_IDENTIFIER);
        }
        place.check(name, Names::identifier);
    }

    /** The identity of a share of a device. */
    static void uuid(Fields id) {
        String text = id.text();
        if (!UUID.matcher(text).matches()) {
            id.invalid(
                    text.length() == UUID_LENGTH
                            ? "error validating uid: invalid UUID format"
                            : "error validating uid: invalid UUID length: " + text.length());
        } else if (!text.equals(text.toLowerCase(Locale.ROOT))) {
            id.invalid("uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase"
                    + " hexadecimal characters");
        }
    }

    /** What must hold before a pod with the device may start, and what makes it fail; one needs the other. */
    static void bindingConditions(Fields device) {
        Fields wanted = device.at("bindingConditions");
        Fields failing = device.at("bindingFailureConditions");
        for (Fields list : List.of(wanted, failing)) {
            list.elements().forEach(condition -> condition.check(Names::labelKey));
            duplicates(list);
        }
        if (!wanted.isEmpty() && failing.isEmpty()) {
            failing.invalid(
                    GoValues.orNull(failing.value()), "bindingFailureConditions are required to use bindingConditions");
        } else if (wanted.isEmpty() && !failing.isEmpty()) {
            wanted.invalid(
                    GoValues.orNull(wanted.value()), "bindingConditions are required to use bindingFailureConditions");
        }
    }

    private static void duplicates(Fields texts) {
        java.util.Set<String> seen = new java.util.HashSet<>();
        texts.elements().stream().filter(each -> !seen.add(each.text())).forEach(Fields::duplicate);
    }
}
