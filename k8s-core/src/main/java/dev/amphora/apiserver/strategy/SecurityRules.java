package dev.amphora.apiserver.strategy;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** What a pod and its containers may do on their node. */
final class SecurityRules {
    private static final Pattern SYSCTL =
            Pattern.compile("([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?");
    private static final List<String> PROFILE_TYPES = List.of("Localhost", "RuntimeDefault", "Unconfined");

    private SecurityRules() {}

    /** The pod's own part, and what shares the node's namespaces. */
    static void pod(Fields spec) {
        Fields context = spec.at("securityContext");
        if (context.has("fsGroup")) {
            context.at("fsGroup").between(0, Integer.MAX_VALUE);
        }
        for (String id : List.of("runAsUser", "runAsGroup")) {
            if (context.has(id)) {
                context.at(id).between(0, Integer.MAX_VALUE);
            }
        }
        context.at("supplementalGroups").elements().forEach(group -> group.between(0, Integer.MAX_VALUE));
        if (spec.at("shareProcessNamespace").flag() && spec.at("hostPID").flag()) {
            context.at("shareProcessNamespace")
                    .with(spec.at("shareProcessNamespace").value())
                    .invalid("ShareProcessNamespace and HostPID cannot both be enabled");
        }
        sysctls(context.at("sysctls"), spec);
        if (context.has("fsGroupChangePolicy")) {
            context.at("fsGroupChangePolicy").oneOf("Always", "OnRootMismatch");
        }
        seccomp(context.at("seccompProfile"));
        appArmor(context.at("appArmorProfile"));
        WindowsRules.options(context.at("windowsOptions"));
        if (context.has("supplementalGroupsPolicy")) {
            context.at("supplementalGroupsPolicy").oneOf("Merge", "Strict");
        }
        if (context.has("seLinuxChangePolicy")) {
            context.at("seLinuxChangePolicy").oneOf("Recursive");
        }
    }

    private static void sysctls(Fields sysctls, Fields spec) {
        Set<String> names = new HashSet<>();
        for (Fields sysctl : sysctls.elements()) {
            Fields name = sysctl.at("name");
            if (name.isEmpty()) {
                name.required();
            } else if (name.text().length() > 253
                    || !SYSCTL.matcher(name.text()).matches()) {
                name.invalid("must have at most 253 characters and match regex ^" + SYSCTL.pattern() + "$");
            } else if (!names.add(name.text())) {
                name.duplicate();
            }
            String dotted = name.text().replace('/', '.');
            if (spec.at("hostNetwork").flag() && dotted.startsWith("net.")) {
                name.invalid("may not be specified when 'hostNetwork' is true");
            }
            if (spec.at("hostIPC").flag()
                    && (dotted.startsWith("kernel.shm")
                            || dotted.startsWith("kernel.msg")
                            || dotted.startsWith("fs.mqueue.")
                            || dotted.equals("kernel.sem"))) {
                name.invalid("may not be specified when 'hostIPC' is true");
            }
        }
    }

    /** One container's part. */
    static void container(Fields context, Fields spec) {
        if (!context.given()) {
            return;
        }
        for (String id : List.of("runAsUser", "runAsGroup")) {
            if (context.has(id)) {
                context.at(id).between(0, Integer.MAX_VALUE);
            }
        }
        Fields procMount = context.at("procMount");
        if (procMount.given() && procMount.oneOf("Default", "Unmasked")) {
            boolean hostUsers = !spec.has("hostUsers") || spec.at("hostUsers").flag();
            if (hostUsers && procMount.is("Unmasked")) {
                procMount.invalid("`hostUsers` must be false to use `Unmasked`");
            }
        }
        seccomp(context.at("seccompProfile"));
        if (context.has("allowPrivilegeEscalation")
                && !context.at("allowPrivilegeEscalation").flag()) {
            if (context.at("privileged").flag()) {
                context.invalid(
                        GoValues.securityContext(context.value()),
                        "cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
            }
            for (Fields capability : context.at("capabilities", "add").elements()) {
                if (capability.is("CAP_SYS_ADMIN")) {
                    context.invalid(
                            GoValues.securityContext(context.value()),
                            "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN");
                }
            }
        }
        WindowsRules.options(context.at("windowsOptions"));
        appArmor(context.at("appArmorProfile"));
    }

    private static void seccomp(Fields profile) {
        if (!profile.given()) {
            return;
        }
        Fields type = profile.at("type");
        Fields local = profile.at("localhostProfile");
        if (type.isEmpty()) {
            type.required("type is required when seccompProfile is set");
        } else {
            type.oneOf(PROFILE_TYPES);
        }
        if (type.is("Localhost")) {
            if (local.given()) {
                VolumeRules.descending(local);
            } else {
                local.required("must be set when seccomp type is Localhost");
            }
        } else if (local.given()) {
            local.invalid(GoValues.seccompProfile(profile.value()), "can only be set when seccomp type is Localhost");
        }
    }

    private static void appArmor(Fields profile) {
        if (!profile.given()) {
            return;
        }
        Fields type = profile.at("type");
        Fields local = profile.at("localhostProfile");
        switch (type.text()) {
            case "Localhost" -> {
                if (!local.given()) {
                    local.required("must be set when AppArmor type is Localhost");
                } else if (!local.text().equals(local.text().strip())) {
                    local.invalid("must not be padded with whitespace");
                } else if (local.isEmpty()) {
                    local.required("must be set when AppArmor type is Localhost");
                }
                if (Names.bytes(local.text()) > 4095) {
                    local.tooLong(4095);
                }
            }
            case "RuntimeDefault", "Unconfined" -> {
                if (local.given()) {
                    local.invalid("can only be set when AppArmor type is Localhost");
                }
            }
            case "" -> type.required("type is required when appArmorProfile is set");
            default -> type.oneOf(PROFILE_TYPES);
        }
    }
}
