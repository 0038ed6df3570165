package dev.amphora.samples;

import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.RemoteClient;
import dev.amphora.scheduler.Profile;
import dev.amphora.scheduler.SchedulerConfiguration;
import dev.amphora.scheduler.WhatIf;
import dev.amphora.scheduler.framework.SchedulerExtender;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.scheduling.v1.PriorityClass;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;
import picocli.CommandLine.Option;

/** Options of the commands that ask a cluster how its pods are scheduled: which cluster, which scheduler, which pods. */
final class QuestionFlags {
    @Option(names = "--kubeconfig", description = "The cluster to read. Default: KUBECONFIG, or ~/.kube/config")
    private @Nullable Path kubeconfig;

    @Option(
            names = "--config",
            description = "The scheduler's KubeSchedulerConfiguration. Default: the reference's defaults")
    private @Nullable Path configuration;

    @Option(
            names = {"-n", "--namespace"},
            description = "Where pods are that name no namespace. Default: ${DEFAULT-VALUE}")
    private String namespace = "default";

    @Option(names = "--seed", description = "Decides among equals. Default: ${DEFAULT-VALUE}")
    private long seed = 1;

    @Option(
            names = {"-f", "--filename"},
            description = "Pods to ask about, as YAML or JSON; they need not exist.")
    private List<Path> files = List.of();

    RemoteClient client() {
        try {
            return kubeconfig == null
                    ? RemoteClient.ofEnvironment("amphora-what-if")
                    : RemoteClient.ofKubeconfig(Files.readString(kubeconfig), "amphora-what-if");
        } catch (IOException e) {
            throw new IllegalArgumentException("--kubeconfig: cannot read " + kubeconfig, e);
        }
    }

    WhatIf read(RemoteClient client) {
        List<Profile> profiles = List.of(Profile.named(Profile.DEFAULT_SCHEDULER_NAME));
        List<SchedulerExtender> extenders = List.of();
        if (configuration != null) {
            try {
                SchedulerConfiguration read = SchedulerConfiguration.read(Files.readString(configuration));
                profiles = read.profiles();
                extenders = read.extenders();
            } catch (IOException e) {
                throw new IllegalArgumentException("--config: cannot read " + configuration, e);
            }
        }
        return WhatIf.read(client, profiles, extenders, seed);
    }

    /** A pod that exists, by {@code name} or {@code namespace/name}. */
    Pod pod(RemoteClient client, String name) {
        int slash = name.indexOf('/');
        return client.get(
                ResourceType.of(Pod.class),
                slash < 0 ? namespace : name.substring(0, slash),
                name.substring(slash + 1));
    }

    /** Namespace and name of a pod. */
    String[] key(String name) {
        int slash = name.indexOf('/');
        return new String[] {slash < 0 ? namespace : name.substring(0, slash), name.substring(slash + 1)};
    }

    /** The pods of the files, as the API server would complete them as far as scheduling goes. */
    List<Pod> manifests(RemoteClient client) {
        List<Pod> pods = new ArrayList<>();
        for (Path file : files) {
            try {
                Iterable<Object> documents =
                        new Yaml(new SafeConstructor(new LoaderOptions())).loadAll(Files.readString(file));
                for (Object document : documents) {
                    if (document != null) {
                        pods.add(completed(
                                client, file, Json.fromTree(Json.mapper().valueToTree(document), Pod.class)));
                    }
                }
            } catch (IOException e) {
                throw new IllegalArgumentException("--filename: cannot read " + file, e);
            } catch (YAMLException | IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        file + ": "
                                + String.valueOf(e.getMessage())
                                        .lines()
                                        .findFirst()
                                        .orElse(""),
                        e);
            }
        }
        return pods;
    }

    private Pod completed(RemoteClient client, Path file, Pod pod) {
        if (!"Pod".equals(pod.getKind()) || pod.getMetadata() == null || pod.getSpec() == null) {
            throw new IllegalArgumentException("not a Pod with metadata and spec: a " + pod.getKind() + " in " + file);
        }
        PodBuilder builder = new PodBuilder(pod);
        if (pod.getMetadata().getNamespace() == null) {
            builder.editMetadata().withNamespace(namespace).endMetadata();
        }
        if (pod.getSpec().getSchedulerName() == null) {
            builder.editSpec().withSchedulerName(Profile.DEFAULT_SCHEDULER_NAME).endSpec();
        }
        String priority = pod.getSpec().getPriorityClassName();
        if (priority != null && pod.getSpec().getPriority() == null) {
            try {
                builder.editSpec()
                        .withPriority(client.get(ResourceType.of(PriorityClass.class), null, priority)
                                .getValue())
                        .endSpec();
            } catch (StatusException e) {
                throw new IllegalArgumentException("no PriorityClass with name " + priority + " was found", e);
            }
        }
        return builder.build();
    }
}
