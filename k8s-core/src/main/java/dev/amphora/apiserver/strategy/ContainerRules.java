package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The containers of a pod: regular ones, those that run before them, and those that are added for debugging. */
final class ContainerRules {
    private static final String INIT_ONLY = "may not be set for init containers without restartPolicy=Always";
    private static final List<String> EPHEMERAL_FIELDS = List.of(
            "ports",
            "resources",
            "resizePolicy",
            "restartPolicy",
            "restartPolicyRules",
            "livenessProbe",
            "readinessProbe",
            "startupProbe",
            "lifecycle");

    private final Fields spec;
    private final Volumes volumes;
    private final ResourceRules resources;
    private final long gracePeriod;

    ContainerRules(Fields spec, Volumes volumes) {
        this.spec = spec;
        this.volumes = volumes;
        this.resources = new ResourceRules(spec);
        this.gracePeriod = spec.at("terminationGracePeriodSeconds").number();
    }

    void check() {
        regular(spec.at("containers"));
        initial(spec.at("initContainers"));
        ephemeral(spec.at("ephemeralContainers"));
    }

    private void regular(Fields containers) {
        if (containers.isEmpty()) {
            containers.required();
            return;
        }
        Set<String> names = new HashSet<>();
        for (Fields container : containers.elements()) {
            common(container);
            if (!names.add(container.at("name").text())) {
                container.at("name").duplicate();
            }
            running(container);
            restartRules(container);
        }
        hostPorts(containers);
    }

    private void initial(Fields containers) {
        Set<String> names = new HashSet<>();
        spec.at("containers")
                .elements()
                .forEach(container -> names.add(container.at("name").text()));
        for (Fields container : containers.elements()) {
            boolean sidecar = container.at("restartPolicy").is("Always");
            common(container);
            restartRules(container);
            if (!names.add(container.at("name").text())) {
                container
                        .at("name")
                        .duplicate(TextNode.valueOf(container.at("name").text()));
            }
            hostPorts(container);
            if (sidecar) {
                running(container);
            } else {
                for (String field : List.of("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")) {
                    if (container.has(field)) {
                        container.at(field).forbidden(INIT_ONLY);
                    }
                }
            }
        }
    }

    private void ephemeral(Fields containers) {
        Set<String> others = new HashSet<>();
        spec.at("containers")
                .elements()
                .forEach(container -> others.add(container.at("name").text()));
        spec.at("initContainers")
                .elements()
                .forEach(container -> others.add(container.at("name").text()));
        Set<String> names = new HashSet<>(others);
        for (Fields container : containers.elements()) {
            common(container);
            String name = container.at("name").text();
            if (!name.isEmpty() && !names.add(name)) {
                container.at("name").duplicate();
            }
            Fields target = container.at("targetContainerName");
            if (!target.isEmpty() && !others.contains(target.text())) {
                target.notFound(target.text());
            }
            for (String field : EPHEMERAL_FIELDS) {
                Fields place = container.at(field);
                boolean handler = field.endsWith("Probe") || field.equals("lifecycle");
                if (handler ? place.given() : !place.isEmpty()) {
                    place.forbidden("cannot be set for an Ephemeral Container");
                }
            }
            for (Fields mount : container.at("volumeMounts").elements()) {
                for (String field : List.of("subPath", "subPathExpr")) {
                    if (!mount.at(field).isEmpty()) {
                        mount.at(field).forbidden("cannot be set for an Ephemeral Container");
                    }
                }
            }
        }
    }

    private void running(Fields container) {
        HandlerRules handlers = new HandlerRules(gracePeriod);
        handlers.lifecycle(container.at("lifecycle"));
        handlers.probe(container.at("livenessProbe"), true);
        handlers.probe(container.at("readinessProbe"), false);
        handlers.probe(container.at("startupProbe"), true);
    }

    private void common(Fields container) {
        Fields name = container.at("name");
        if (name.requireText()) {
            name.check(Names::label);
        }
        Fields image = container.at("image");
        if (image.requireText() && !image.text().equals(image.text().strip())) {
            image.invalid("must not have leading or trailing whitespace");
        }
        Fields policy = container.at("terminationMessagePolicy");
        if (policy.requireText()) {
            policy.oneOf("File", "FallbackToLogsOnError");
        }
        ports(container.at("ports"));
        environment(container.at("env"));
        EnvironmentRules.sources(container.at("envFrom"));
        mounts(container);
        devices(container);
        Fields pull = container.at("imagePullPolicy");
        if (pull.requireText()) {
            pull.oneOf("Always", "IfNotPresent", "Never");
        }
        resources.container(container.at("resources"));
        resources.resizePolicy(container.at("resizePolicy"));
        SecurityRules.container(container.at("securityContext"), spec);
    }

    private static void restartRules(Fields container) {
        Fields policy = container.at("restartPolicy");
        Fields rules = container.at("restartPolicyRules");
        if (policy.given()) {
            policy.oneOf("Always", "Never", "OnFailure");
        } else if (!rules.isEmpty()) {
            policy.required("must specify restartPolicy when restart rules are used");
            return;
        }
        if (rules.size() > 20) {
            rules.tooLong(20);
        }
        for (Fields rule : rules.elements()) {
            rule.at("action").oneOf("Restart", "RestartAllContainers");
            Fields codes = rule.at("exitCodes");
            if (!codes.given()) {
                codes.required("must be specified");
                continue;
            }
            codes.at("operator").oneOf("In", "NotIn");
            if (codes.at("values").size() > 255) {
                codes.at("values").tooLong(255);
            }
        }
    }

    private void ports(Fields ports) {
        Set<String> names = new HashSet<>();
        for (Fields port : ports.elements()) {
            Fields name = port.at("name");
            if (!name.isEmpty()) {
                if (!Names.portName(name.text()).isEmpty()) {
                    name.check(Names::portName);
                } else if (!names.add(name.text())) {
                    name.duplicate();
                }
            }
            Fields containerPort = port.at("containerPort");
            if (containerPort.number() == 0) {
                containerPort.required();
            } else {
                containerPort.between(1, 65535);
            }
            Fields hostPort = port.at("hostPort");
            if (hostPort.number() != 0) {
                hostPort.between(1, 65535);
            }
            Fields protocol = port.at("protocol");
            if (protocol.requireText()) {
                protocol.oneOf("SCTP", "TCP", "UDP");
            }
        }
    }

    private void hostPorts(Fields containers) {
        Set<String> taken = new HashSet<>();
        List<Fields> each = containers.value().isArray() ? containers.elements() : List.of(containers);
        for (Fields container : each) {
            for (Fields port : container.at("ports").elements()) {
                if (port.at("hostPort").number() == 0) {
                    continue;
                }
                String key = "%s/%s/%d"
                        .formatted(
                                port.at("protocol").text(),
                                port.at("hostIP").text(),
                                port.at("hostPort").number());
                if (!taken.add(key)) {
                    port.at("hostPort").duplicate(TextNode.valueOf(key));
                }
            }
        }
    }

    private void environment(Fields env) {
        env.elements().forEach(EnvironmentRules::variable);
        for (Fields variable : env.elements()) {
            Fields file = variable.at("valueFrom", "fileKeyRef");
            if (file.given()
                    && !anyHas(spec.at("volumes"), "name", file.at("volumeName").text())) {
                file.at("volumeName").notFound(file.at("volumeName").text());
            }
        }
    }

    private void mounts(Fields container) {
        Set<String> paths = new HashSet<>();
        Fields mounts = container.at("volumeMounts");
        Fields devices = container.at("volumeDevices");
        for (Fields mount : mounts.elements()) {
            Fields name = mount.at("name");
            Fields path = mount.at("mountPath");
            name.requireText();
            if (!volumes.has(name.text())) {
                name.notFound(name.text());
            }
            path.requireText();
            if (!paths.add(path.text())) {
                path.invalid(path.text(), "must be unique");
            }
            if (anyHas(devices, "name", name.text())) {
                name.invalid(name.text(), "must not already exist in volumeDevices");
            }
            if (anyHas(devices, "devicePath", path.text())) {
                path.invalid(path.text(), "must not already exist as a path in volumeDevices");
            }
            Fields subPath = mounts.at("subPath").with(mount.at("subPath").value());
            Fields expression =
                    mounts.at("subPathExpr").with(mount.at("subPathExpr").value());
            if (!subPath.isEmpty()) {
                VolumeRules.descending(subPath);
            }
            if (!expression.isEmpty()) {
                if (!subPath.isEmpty()) {
                    mount.at("subPathExpr").invalid("subPathExpr and subPath are mutually exclusive");
                }
                VolumeRules.descending(expression);
            }
            propagation(mount, mounts.at("mountPropagation"), container);
            recursiveReadOnly(mount, mounts.at("recursiveReadOnly"));
        }
    }

    private static void propagation(Fields mount, Fields place, Fields container) {
        Fields given = place.with(mount.at("mountPropagation").value());
        if (!given.given()) {
            return;
        }
        given.oneOf("Bidirectional", "HostToContainer", "None");
        if (given.is("Bidirectional")
                && !container.at("securityContext", "privileged").flag()) {
            given.forbidden("Bidirectional mount propagation is available only to privileged containers");
        }
    }

    private static void recursiveReadOnly(Fields mount, Fields place) {
        Fields given = place.with(mount.at("recursiveReadOnly").value());
        if (!given.given()) {
            return;
        }
        switch (given.text()) {
            case "Disabled" -> {}
            case "Enabled", "IfPossible" -> {
                if (!mount.at("readOnly").flag()) {
                    given.forbidden("may only be specified when readOnly is true");
                }
                Fields propagation = mount.at("mountPropagation");
                if (propagation.given() && !propagation.is("None")) {
                    given.forbidden("may only be specified when mountPropagation is None or not specified");
                }
            }
            default -> given.oneOf("Disabled", "Enabled", "IfPossible");
        }
    }

    private void devices(Fields container) {
        Set<String> paths = new HashSet<>();
        Set<String> names = new HashSet<>();
        Fields mounts = container.at("volumeMounts");
        for (Fields device : container.at("volumeDevices").elements()) {
            Fields name = device.at("name");
            Fields path = device.at("devicePath");
            name.requireText();
            if (!names.add(name.text())) {
                name.invalid(name.text(), "must be unique");
            }
            if (!volumes.has(name.text())) {
                name.notFound(name.text());
            } else if (!volumes.isClaim(name.text())) {
                name.invalid("can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode");
            }
            path.requireText();
            if (!paths.add(path.text())) {
                path.invalid("must be unique");
            }
            if (!path.isEmpty() && path.text().contains("..")) {
                path.invalid("can not contain backsteps ('..')");
            } else if (anyHas(mounts, "mountPath", path.text())) {
                path.invalid("must not already exist as a path in volumeMounts");
            }
            if (anyHas(mounts, "name", name.text())) {
                name.invalid("must not already exist in volumeMounts");
            }
        }
    }

    private static boolean anyHas(Fields list, String field, String text) {
        for (JsonNode element : list.value()) {
            if (element.path(field).asText().equals(text)) {
                return true;
            }
        }
        return false;
    }
}
