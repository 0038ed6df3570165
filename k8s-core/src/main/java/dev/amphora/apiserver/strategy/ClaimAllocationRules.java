package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The status of a claim: which devices it got, who uses them, and how they are. */
final class ClaimAllocationRules {
    private static final int MOST_USERS = 256;
    private static final int MOST_CONDITIONS = 8;
    private static final int MOST_RESULTS = 32;
    private static final int MOST_CONFIGURATIONS = 64;
    private static final int MOST_ADDRESSES = 16;
    private static final int LONGEST_INTERFACE = 256;
    private static final int LONGEST_HARDWARE = 128;

    private ClaimAllocationRules() {}

    /** A new status; what was allocated once stays. */
    static void check(Fields claim, JsonNode old) {
        Fields status = claim.at("status");
        Fields allocation = status.at("allocation");
        users(status.at("reservedFor"));
        devices(status.at("devices"), allocated(allocation.at("devices", "results")));
        Fields reserved = status.at("reservedFor");
        if (!reserved.isEmpty() && !allocation.given()) {
            reserved.forbidden("may not be specified when `allocated` is not set");
        } else if (!reserved.isEmpty()
                && claim.at("metadata").has("deletionTimestamp")
                && grew(reserved.value(), old.path("reservedFor"))) {
            reserved.forbidden(
                    "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set");
        }
        if (allocation.given() && old.path("allocation").isObject()) {
            if (!Strategies.same(allocation.value(), old.path("allocation"))) {
                allocation.invalid(GoForm.of(allocation.value(), "resource.v1.AllocationResult"), "field is immutable");
            }
        } else if (allocation.given()) {
            allocation(allocation, DeviceRules.names(claim.at("spec", "devices")));
        }
    }

    private static boolean grew(JsonNode now, JsonNode before) {
        List<JsonNode> known = new ArrayList<>();
        before.forEach(known::add);
        for (JsonNode each : now) {
            if (!known.contains(each)) {
                return true;
            }
        }
        return false;
    }

    private static void users(Fields users) {
        if (users.size() > MOST_USERS) {
            users.tooMany(MOST_USERS);
            return;
        }
        for (Fields user : users.elements()) {
            user.at("resource").requireText();
            user.at("name").requireText();
            user.at("uid").requireText();
        }
        Set<String> seen = new HashSet<>();
        for (Fields user : users.elements()) {
            if (!seen.add(user.at("uid").text())) {
                user.duplicate(user.at("uid").value());
            }
        }
    }

    private static Set<JsonNode> allocated(Fields results) {
        Set<JsonNode> devices = new HashSet<>();
        results.elements().forEach(result -> devices.add(id(result)));
        return devices;
    }

    private static ObjectNode id(Fields device) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("Driver", device.at("driver").text())
                .put("Pool", device.at("pool").text())
                .put("Device", device.at("device").text())
                .put("ShareID", device.at("shareID").text());
    }

    private static void devices(Fields devices, Set<JsonNode> allocated) {
        for (Fields device : devices.elements()) {
            StorageRules.driverName(device.at("driver"));
            DeviceNames.pool(device.at("pool"));
            device.at("device").check(Names::label);
            if (device.has("shareID")) {
                DeviceNames.uuid(device.at("shareID"));
            }
            if (!allocated.contains(id(device))) {
                device.invalid(id(device), "must be an allocated device in the claim");
            }
            if (device.at("conditions").size() > MOST_CONDITIONS) {
                device.at("conditions").tooMany(MOST_CONDITIONS);
            }
            ConditionRules.check(device.at("conditions"));
            if (device.has("data")) {
                DeviceRules.opaqueObject(device.at("data"));
            }
            network(device.at("networkData"));
        }
        Set<JsonNode> seen = new HashSet<>();
        for (Fields device : devices.elements()) {
            if (!seen.add(id(device))) {
                device.duplicate(id(device));
            }
        }
    }

    private static void network(Fields network) {
        atMost(network.at("interfaceName"), LONGEST_INTERFACE);
        atMost(network.at("hardwareAddress"), LONGEST_HARDWARE);
        Fields addresses = network.at("ips");
        addresses.elements().forEach(address -> address.check(Addresses::ofInterface));
        if (addresses.size() > MOST_ADDRESSES) {
            addresses.tooMany(MOST_ADDRESSES);
        }
        Set<String> seen = new HashSet<>();
        for (Fields address : addresses.elements()) {
            if (!seen.add(address.text())) {
                address.duplicate();
            }
        }
    }

    private static void atMost(Fields text, int longest) {
        if (Names.bytes(text.text()) > longest) {
            text.tooLong(longest);
        }
    }

    private static void allocation(Fields allocation, Set<String> names) {
        Fields results = allocation.at("devices", "results");
        if (results.size() > MOST_RESULTS) {
            results.tooMany(MOST_RESULTS);
        }
        Fields configurations = allocation.at("devices", "config");
        if (configurations.size() > MOST_CONFIGURATIONS) {
            configurations.tooMany(MOST_CONFIGURATIONS);
        }
        for (Fields result : results.elements()) {
            DeviceRules.requestName(result.at("request"), names);
            StorageRules.driverName(result.at("driver"));
            DeviceNames.pool(result.at("pool"));
            result.at("device").check(Names::label);
            DeviceNames.bindingConditions(result);
            result.at("tolerations").elements().forEach(DeviceRules::toleration);
            if (result.has("shareID")) {
                DeviceNames.uuid(result.at("shareID"));
            }
        }
        for (Fields config : configurations.elements()) {
            if (config.at("source").requireText()) {
                config.at("source").oneOf("FromClaim", "FromClass");
            }
            config.at("requests").elements().forEach(name -> DeviceRules.requestName(name, names));
            DeviceRules.configuration(config);
        }
        if (allocation.has("nodeSelector")) {
            SchedulingRules.nodeSelector(allocation.at("nodeSelector"));
        }
    }
}
