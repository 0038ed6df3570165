package dev.amphora.kubelet;

import dev.amphora.api.ResourceType;
import dev.amphora.client.Client;
import dev.amphora.client.ListOptions;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapEnvSource;
import io.fabric8.kubernetes.api.model.ConfigMapKeySelector;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvFromSource;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarSource;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretEnvSource;
import io.fabric8.kubernetes.api.model.SecretKeySelector;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A container's environment variables, from all their sources. */
final class Environment {
    private static final ResourceType<ConfigMap> CONFIG_MAPS = ResourceType.of(ConfigMap.class);
    private static final ResourceType<Secret> SECRETS = ResourceType.of(Secret.class);
    private static final ResourceType<Service> SERVICES = ResourceType.of(Service.class);

    private final Agent agent;
    private final Pod pod;
    private final Container container;
    private final @Nullable String podIp;
    private final Map<String, String> services;
    private final Map<String, String> variables = new LinkedHashMap<>();

    private Environment(Agent agent, Pod pod, Container container, @Nullable String podIp) {
        this.agent = agent;
        this.pod = pod;
        this.container = container;
        this.podIp = podIp;
        this.services = links(agent.client(), pod);
    }

    /**
     * The environment in order: the Services, then {@code envFrom}, then {@code env}, later ones winning.
     *
     * @throws StartFailure if something that it refers to is missing
     */
    static Map<String, String> of(Agent agent, Pod pod, Container container, @Nullable String podIp) {
        return new Environment(agent, pod, container, podIp).build();
    }

    /** Replaces {@code $(NAME)} by a variable's value; {@code $$} stands for a dollar. What is unknown stays. */
    static String expand(String text, Function<String, @Nullable String> variable) {
        StringBuilder expanded = new StringBuilder();
        int at = 0;
        while (at < text.length()) {
            char next = text.charAt(at);
            if (next == '$' && text.startsWith("$$", at)) {
                expanded.append('$');
                at += 2;
                continue;
            }
            int close = next == '$' && text.startsWith("$(", at) ? text.indexOf(')', at) : -1;
            if (close < 0) {
                expanded.append(next);
                at++;
                continue;
            }
            String value = variable.apply(text.substring(at + 2, close));
            expanded.append(value == null ? text.substring(at, close + 1) : value);
            at = close + 1;
        }
        return expanded.toString();
    }

    private Map<String, String> build() {
        for (EnvFromSource source : container.getEnvFrom()) {
            String prefix = source.getPrefix() == null ? "" : source.getPrefix();
            from(source).forEach((key, value) -> variables.put(prefix + key, value));
        }
        Map<String, String> known = new LinkedHashMap<>(services);
        for (EnvVar variable : container.getEnv()) {
            String value = variable.getValueFrom() == null
                    ? expand(variable.getValue() == null ? "" : variable.getValue(), known::get)
                    : valueOf(variable.getValueFrom());
            if (value != null) {
                known.put(variable.getName(), value);
                variables.put(variable.getName(), value);
            }
        }
        Map<String, String> all = new LinkedHashMap<>(services);
        all.putAll(variables);
        return all;
    }

    private Map<String, String> from(EnvFromSource source) {
        ConfigMapEnvSource configMap = source.getConfigMapRef();
        if (configMap != null) {
            Optional<ConfigMap> found = agent.client().find(CONFIG_MAPS, namespace(), configMap.getName());
            if (found.isEmpty() && !Boolean.TRUE.equals(configMap.getOptional())) {
                throw missing("configmap", configMap.getName());
            }
            return found.map(ConfigMap::getData).orElse(Map.of());
        }
        SecretEnvSource secret = source.getSecretRef();
        if (secret != null) {
            Optional<Secret> found = agent.client().find(SECRETS, namespace(), secret.getName());
            if (found.isEmpty() && !Boolean.TRUE.equals(secret.getOptional())) {
                throw missing("secret", secret.getName());
            }
            Map<String, String> decoded = new LinkedHashMap<>();
            found.map(Secret::getData).orElse(Map.of()).forEach((key, value) -> decoded.put(key, decode(value)));
            return decoded;
        }
        return Map.of();
    }

    private @Nullable String valueOf(EnvVarSource source) {
        if (source.getFieldRef() != null) {
            return FieldRefs.field(
                    pod,
                    source.getFieldRef().getFieldPath(),
                    podIp,
                    agent.config().address());
        }
        if (source.getResourceFieldRef() != null) {
            String name = source.getResourceFieldRef().getContainerName();
            Container about = name == null || name.isEmpty() ? container : PodFiles.container(pod, name);
            return FieldRefs.resource(
                    about, source.getResourceFieldRef(), agent.config().capacity());
        }
        if (source.getConfigMapKeyRef() != null) {
            ConfigMapKeySelector key = source.getConfigMapKeyRef();
            Optional<ConfigMap> found = agent.client().find(CONFIG_MAPS, namespace(), key.getName());
            boolean optional = Boolean.TRUE.equals(key.getOptional());
            if (found.isEmpty() && !optional) {
                throw missing("configmap", key.getName());
            }
            String value = found.map(ConfigMap::getData)
                    .map(data -> data.get(key.getKey()))
                    .orElse(null);
            if (value == null && !optional) {
                throw config(
                        "couldn't find key " + key.getKey() + " in ConfigMap " + namespace() + "/" + key.getName());
            }
            return value;
        }
        if (source.getSecretKeyRef() != null) {
            SecretKeySelector key = source.getSecretKeyRef();
            Optional<Secret> found = agent.client().find(SECRETS, namespace(), key.getName());
            boolean optional = Boolean.TRUE.equals(key.getOptional());
            if (found.isEmpty() && !optional) {
                throw missing("secret", key.getName());
            }
            String value = found.map(Secret::getData)
                    .map(data -> data.get(key.getKey()))
                    .orElse(null);
            if (value == null && !optional) {
                throw config("couldn't find key " + key.getKey() + " in Secret " + namespace() + "/" + key.getName());
            }
            return value == null ? null : decode(value);
        }
        return null;
    }

    private String namespace() {
        return pod.getMetadata().getNamespace();
    }

    private static String decode(String base64) {
        return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
    }

    private static StartFailure missing(String kind, String name) {
        return config(kind + " \"" + name + "\" not found");
    }

    private static StartFailure config(String message) {
        return new StartFailure("CreateContainerConfigError", message);
    }

    /** The variables that name the Services of the pod's namespace and, always, the API server. */
    private static Map<String, String> links(Client client, Pod pod) {
        Map<String, String> links = new LinkedHashMap<>();
        client.find(SERVICES, "default", "kubernetes").ifPresent(service -> link(service, links));
        if (!Boolean.FALSE.equals(pod.getSpec().getEnableServiceLinks())) {
            ListOptions cached = ListOptions.all().from("0");
            List<Service> all =
                    new ArrayList<>(client.list(SERVICES, pod.getMetadata().getNamespace(), cached)
                            .items());
            for (Service service : all) {
                link(service, links);
            }
        }
        return links;
    }

    private static void link(Service service, Map<String, String> links) {
        String ip = service.getSpec().getClusterIP();
        if (ip == null
                || ip.isEmpty()
                || ip.equals("None")
                || service.getSpec().getPorts().isEmpty()) {
            return;
        }
        String name = name(service.getMetadata().getName());
        List<ServicePort> ports = service.getSpec().getPorts();
        links.put(name + "_SERVICE_HOST", ip);
        links.put(name + "_SERVICE_PORT", String.valueOf(ports.get(0).getPort()));
        for (ServicePort port : ports) {
            if (port.getName() != null && !port.getName().isEmpty()) {
                links.put(name + "_SERVICE_PORT_" + name(port.getName()), String.valueOf(port.getPort()));
            }
        }
        for (int i = 0; i < ports.size(); i++) {
            ServicePort port = ports.get(i);
            String protocol = port.getProtocol() == null ? "TCP" : port.getProtocol();
            String lower = protocol.toLowerCase(Locale.ROOT);
            String url = lower + "://" + ip + ":" + port.getPort();
            String prefix = name + "_PORT_" + port.getPort() + "_" + protocol;
            if (i == 0) {
                links.put(name + "_PORT", url);
            }
            links.put(prefix, url);
            links.put(prefix + "_PROTO", lower);
            links.put(prefix + "_PORT", String.valueOf(port.getPort()));
            links.put(prefix + "_ADDR", ip);
        }
    }

    private static String name(String text) {
        return text.toUpperCase(Locale.ROOT).replace('-', '_');
    }
}
