package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.node.BooleanNode;
import java.util.List;
import java.util.regex.Pattern;

/** Pods for Windows nodes, and what such a pod may not set. */
final class WindowsRules {
    private static final int LONGEST_SPEC = 64 * 1024;
    private static final Pattern NETBIOS = Pattern.compile("[^\\\\/:\\*\\?\"<>|\\.][^\\\\/:\\*\\?\"<>|]{0,14}");
    private static final Pattern DNS = Pattern.compile("[A-Za-z0-9\\.-]+");
    private static final String ILLEGAL_IN_USER = "\"/\\:;|=,+*?<>@[]";

    private WindowsRules() {}

    /** Options that only Windows knows. */
    static void options(Fields options) {
        Fields name = options.at("gmsaCredentialSpecName");
        if (name.given()) {
            name.check(Names::subdomain);
        }
        Fields spec = options.at("gmsaCredentialSpec");
        if (spec.given()) {
            if (spec.isEmpty()) {
                spec.invalid("gmsaCredentialSpec cannot be an empty string");
            } else if (Names.bytes(spec.text()) > LONGEST_SPEC) {
                spec.invalid("gmsaCredentialSpec size must be under %d KiB".formatted(LONGEST_SPEC / 1024));
            }
        }
        if (options.has("runAsUserName")) {
            user(options.at("runAsUserName"));
        }
    }

    private static void user(Fields user) {
        String text = user.text();
        if (text.isEmpty()) {
            user.invalid("runAsUserName cannot be an empty string");
            return;
        }
        if (text.chars().anyMatch(c -> c < 32 || c == 127)) {
            user.invalid("runAsUserName cannot contain control characters");
        }
        String[] parts = text.split("\\\\", -1);
        if (parts.length > 2) {
            user.invalid("runAsUserName cannot contain more than one backslash");
            return;
        }
        if (parts.length == 2) {
            String domain = parts[0];
            if (domain.length() >= 256) {
                user.invalid("runAsUserName's Domain length must be under 256 characters");
            }
            boolean netBios = NETBIOS.matcher(domain).matches();
            boolean dns = DNS.matcher(domain).matches() && !domain.startsWith(".");
            if (!netBios && !(dns && domain.length() < 256)) {
                user.invalid("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
            }
        }
        String name = parts[parts.length - 1];
        if (name.isEmpty()) {
            user.invalid("runAsUserName's User cannot be empty");
        } else if (name.length() > 104) {
            user.invalid("runAsUserName's User length must not be longer than 104 characters");
        }
        if (!name.isEmpty() && name.chars().allMatch(c -> c == '.' || c == ' ')) {
            user.invalid("runAsUserName's User cannot contain only periods or spaces");
        }
        if (name.chars().anyMatch(c -> ILLEGAL_IN_USER.indexOf(c) >= 0)) {
            user.invalid("runAsUserName's User cannot contain the following characters: " + ILLEGAL_IN_USER);
        }
    }

    /** What a pod that is said to be for Windows may not have. */
    static void windowsPod(Fields spec) {
        for (String field : List.of("hostPID", "hostIPC")) {
            if (spec.at(field).flag()) {
                spec.at(field).forbidden("cannot be set for a windows pod");
            }
        }
        if (spec.has("hostUsers")) {
            spec.at("hostUsers").forbidden("cannot be set for a windows pod");
        }
        Fields context = spec.at("securityContext");
        forbid(
                context,
                "cannot be set for a windows pod",
                "appArmorProfile",
                "seLinuxOptions",
                "seccompProfile",
                "fsGroup",
                "fsGroupChangePolicy",
                "sysctls");
        if (spec.at("shareProcessNamespace").given()) {
            context.at("shareProcessNamespace").forbidden("cannot be set for a windows pod");
        }
        forbid(
                context,
                "cannot be set for a windows pod",
                "runAsUser",
                "runAsGroup",
                "supplementalGroups",
                "supplementalGroupsPolicy",
                "seLinuxChangePolicy");
        for (String list : List.of("containers", "initContainers")) {
            for (Fields container : spec.at(list).elements()) {
                forbid(
                        container.at("securityContext"),
                        "cannot be set for a windows pod",
                        "appArmorProfile",
                        "seLinuxOptions",
                        "seccompProfile",
                        "capabilities",
                        "readOnlyRootFilesystem",
                        "privileged",
                        "allowPrivilegeEscalation",
                        "procMount",
                        "runAsUser",
                        "runAsGroup");
            }
        }
    }

    /** What a pod that is said to be for Linux may not have. */
    static void linuxPod(Fields spec) {
        forbid(spec.at("securityContext"), "windows options cannot be set for a linux pod", "windowsOptions");
        for (String list : List.of("containers", "initContainers")) {
            for (Fields container : spec.at(list).elements()) {
                forbid(
                        container.at("securityContext"),
                        "windows options cannot be set for a linux pod",
                        "windowsOptions");
            }
        }
    }

    private static void forbid(Fields context, String why, String... fields) {
        for (String field : fields) {
            if (context.has(field)) {
                context.at(field).forbidden(why);
            }
        }
    }

    /** Host processes: all containers or none, and only on the node's network. */
    static void hostProcesses(Fields spec) {
        Fields context = spec.at("securityContext");
        boolean ofPod = context.at("windowsOptions", "hostProcess").flag();
        int host = 0;
        int all = 0;
        for (String list : List.of("containers", "initContainers")) {
            for (Fields container : spec.at(list).elements()) {
                Fields own = container.at("securityContext", "windowsOptions", "hostProcess");
                all++;
                host += (own.given() ? own.flag() : ofPod) ? 1 : 0;
            }
        }
        if (host == 0) {
            return;
        }
        if (host != all) {
            spec.invalid(
                    "",
                    "If pod contains any hostProcess containers then all containers must be HostProcess containers");
        }
        if (!spec.at("hostNetwork").flag()) {
            spec.at("hostNetwork")
                    .invalid(BooleanNode.FALSE, "hostNetwork must be true if pod contains any hostProcess containers");
        }
    }
}
