package dev.amphora.kubelet;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.DownwardAPIVolumeFile;
import io.fabric8.kubernetes.api.model.KeyToPath;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountTokenProjection;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeProjection;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The volumes of pods as directories of this machine. If the runtime sees no files, none are written, and all that is left is to
 * check that what a pod mounts is there.
 */
final class PodFiles {
    private static final ResourceType<ConfigMap> CONFIG_MAPS = ResourceType.of(ConfigMap.class);
    private static final ResourceType<Secret> SECRETS = ResourceType.of(Secret.class);
    private static final ResourceType<ServiceAccount> ACCOUNTS = ResourceType.of(ServiceAccount.class);
    private static final String API_ACCESS = "kube-api-access-";
    private static final int DEFAULT_MODE = 0644;

    /** A volume could not be set up. */
    static final class MountFailure extends RuntimeException {
        private static final long serialVersionUID = 1L;

        MountFailure(String volume, String why) {
            super("MountVolume.SetUp failed for volume \"" + volume + "\" : " + why);
        }
    }

    /** A file of a volume. */
    private record Content(byte[] bytes, int mode) {}

    private final Agent agent;
    private final Path root;

    /**
     * Files below a directory.
     *
     * @param root need not exist
     */
    PodFiles(Agent agent, Path root) {
        this.agent = agent;
        this.root = root;
    }

    /** Sets up a pod's volumes, or fails with a {@link MountFailure}. Gives each volume's path by name. */
    CompletionStage<Map<String, Path>> prepare(Pod pod, String podIp) {
        CompletableFuture<Map<String, Path>> done = new CompletableFuture<>();
        Runnable work = () -> {
            Map<String, Path> paths = new LinkedHashMap<>();
            try {
                for (Volume volume : pod.getSpec().getVolumes()) {
                    paths.put(volume.getName(), prepare(pod, volume, podIp));
                }
                done.complete(paths);
            } catch (RuntimeException e) {
                done.completeExceptionally(e);
            }
        };
        if (pod.getSpec().getVolumes().isEmpty() || !agent.runtime().seesHostFiles()) {
            work.run();
        } else {
            agent.kernel().blocking().execute(work);
        }
        return done;
    }

    /** A new empty file for a container's last words. */
    Path terminationLog(Pod pod, String container, int attempt) {
        Path file = directory(PodSpecs.uid(pod))
                .resolve("containers")
                .resolve(container)
                .resolve(attempt + ".log");
        try {
            Files.createDirectories(file.getParent());
            if (!Files.exists(file)) {
                Files.createFile(file);
            }
            permit(file, 0666);
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What a container has left in its file, empty if nothing. */
    String terminationMessage(String podUid, String container, int attempt) {
        Path file = directory(podUid).resolve("containers").resolve(container).resolve(attempt + ".log");
        try {
            byte[] bytes = Files.exists(file) ? Files.readAllBytes(file) : new byte[0];
            return new String(bytes, 0, Math.min(bytes.length, 4096), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "";
        }
    }

    /** Removes a pod's files. */
    void remove(String podUid) {
        if (agent.runtime().seesHostFiles()) {
            delete(directory(podUid));
        }
    }

    /** Removes a directory and all in it, as far as that is possible. */
    static void delete(Path directory) {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> tree = Files.walk(directory)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException | UncheckedIOException e) {
            // a container may have left files that are not ours to delete
            return;
        }
    }

    /** A container of a pod by its name. */
    static Container container(Pod pod, String name) {
        return Stream.concat(pod.getSpec().getContainers().stream(), pod.getSpec().getInitContainers().stream())
                .filter(container -> container.getName().equals(name))
                .findFirst()
                .orElseThrow(() ->
                        new StartFailure("CreateContainerConfigError", "container " + name + " not found in pod"));
    }

    private Path directory(String podUid) {
        return root.resolve("pods").resolve(podUid);
    }

    private Path prepare(Pod pod, Volume volume, String podIp) {
        String name = volume.getName();
        Path volumes = directory(PodSpecs.uid(pod)).resolve("volumes");
        if (volume.getHostPath() != null) {
            Path path = Path.of(volume.getHostPath().getPath());
            if (agent.runtime().seesHostFiles()
                    && "DirectoryOrCreate".equals(volume.getHostPath().getType())) {
                create(name, path);
            }
            return path;
        }
        if (volume.getEmptyDir() != null) {
            Path path = volumes.resolve("kubernetes.io~empty-dir").resolve(name);
            if (agent.runtime().seesHostFiles()) {
                create(name, path);
                permit(path, 0777);
            }
            return path;
        }
        Map<String, Content> files = new TreeMap<>();
        String plugin;
        if (volume.getConfigMap() != null) {
            plugin = "configmap";
            var source = volume.getConfigMap();
            configMap(
                    pod,
                    name,
                    source.getName(),
                    source.getItems(),
                    source.getOptional(),
                    mode(source.getDefaultMode()),
                    files);
        } else if (volume.getSecret() != null) {
            plugin = "secret";
            var source = volume.getSecret();
            secret(
                    pod,
                    name,
                    source.getSecretName(),
                    source.getItems(),
                    source.getOptional(),
                    mode(source.getDefaultMode()),
                    files);
        } else if (volume.getDownwardAPI() != null) {
            plugin = "downward-api";
            downward(
                    pod,
                    volume.getDownwardAPI().getItems(),
                    mode(volume.getDownwardAPI().getDefaultMode()),
                    podIp,
                    files);
        } else if (volume.getProjected() != null) {
            plugin = "projected";
            int mode = mode(volume.getProjected().getDefaultMode());
            for (VolumeProjection source : volume.getProjected().getSources()) {
                project(pod, name, source, mode, podIp, files);
            }
        } else {
            plugin = "other";
        }
        Path path = volumes.resolve("kubernetes.io~" + plugin).resolve(name);
        if (agent.runtime().seesHostFiles()) {
            create(name, path);
            write(name, path, files);
        }
        return path;
    }

    private void project(
            Pod pod, String volume, VolumeProjection source, int mode, String podIp, Map<String, Content> files) {
        boolean lenient = volume.startsWith(API_ACCESS);
        if (source.getConfigMap() != null) {
            Boolean optional = lenient ? Boolean.TRUE : source.getConfigMap().getOptional();
            configMap(
                    pod,
                    volume,
                    source.getConfigMap().getName(),
                    source.getConfigMap().getItems(),
                    optional,
                    mode,
                    files);
        } else if (source.getSecret() != null) {
            var secret = source.getSecret();
            secret(pod, volume, secret.getName(), secret.getItems(), secret.getOptional(), mode, files);
        } else if (source.getDownwardAPI() != null) {
            downward(pod, source.getDownwardAPI().getItems(), mode, podIp, files);
        } else if (source.getServiceAccountToken() != null && agent.runtime().seesHostFiles()) {
            String token = token(pod, volume, source.getServiceAccountToken(), lenient);
            if (token != null) {
                files.put(
                        source.getServiceAccountToken().getPath(),
                        new Content(token.getBytes(StandardCharsets.UTF_8), mode));
            }
        }
    }

    private void configMap(
            Pod pod,
            String volume,
            String name,
            List<KeyToPath> items,
            @Nullable Boolean optional,
            int mode,
            Map<String, Content> files) {
        Optional<ConfigMap> found =
                agent.client().find(CONFIG_MAPS, pod.getMetadata().getNamespace(), name);
        boolean lenient = Boolean.TRUE.equals(optional);
        if (found.isEmpty()) {
            if (lenient) {
                return;
            }
            throw new MountFailure(volume, "configmap \"" + name + "\" not found");
        }
        Map<String, byte[]> data = new TreeMap<>();
        if (found.get().getData() != null) {
            found.get().getData().forEach((key, value) -> data.put(key, value.getBytes(StandardCharsets.UTF_8)));
        }
        if (found.get().getBinaryData() != null) {
            found.get()
                    .getBinaryData()
                    .forEach((key, value) -> data.put(key, Base64.getDecoder().decode(value)));
        }
        pick(volume, "configmap references non-existent config key: ", data, items, lenient, mode, files);
    }

    private void secret(
            Pod pod,
            String volume,
            String name,
            List<KeyToPath> items,
            @Nullable Boolean optional,
            int mode,
            Map<String, Content> files) {
        Optional<Secret> found = agent.client().find(SECRETS, pod.getMetadata().getNamespace(), name);
        boolean lenient = Boolean.TRUE.equals(optional);
        if (found.isEmpty()) {
            if (lenient) {
                return;
            }
            throw new MountFailure(volume, "secret \"" + name + "\" not found");
        }
        Map<String, byte[]> data = new TreeMap<>();
        if (found.get().getData() != null) {
            found.get()
                    .getData()
                    .forEach((key, value) -> data.put(key, Base64.getDecoder().decode(value)));
        }
        pick(volume, "references non-existent secret key: ", data, items, lenient, mode, files);
    }

    private static void pick(
            String volume,
            String complaint,
            Map<String, byte[]> data,
            List<KeyToPath> items,
            boolean lenient,
            int mode,
            Map<String, Content> files) {
        if (items.isEmpty()) {
            data.forEach((key, value) -> files.put(key, new Content(value, mode)));
            return;
        }
        for (KeyToPath item : items) {
            byte[] value = data.get(item.getKey());
            if (value != null) {
                files.put(item.getPath(), new Content(value, item.getMode() == null ? mode : item.getMode()));
            } else if (!lenient) {
                throw new MountFailure(volume, complaint + item.getKey());
            }
        }
    }

    private void downward(
            Pod pod, List<DownwardAPIVolumeFile> items, int mode, String podIp, Map<String, Content> files) {
        for (DownwardAPIVolumeFile item : items) {
            String value = item.getFieldRef() != null
                    ? FieldRefs.field(
                            pod,
                            item.getFieldRef().getFieldPath(),
                            podIp,
                            agent.config().address())
                    : FieldRefs.resource(
                            container(pod, item.getResourceFieldRef().getContainerName()),
                            item.getResourceFieldRef(),
                            agent.config().capacity());
            files.put(
                    item.getPath(),
                    new Content(
                            value.getBytes(StandardCharsets.UTF_8), item.getMode() == null ? mode : item.getMode()));
        }
    }

    private @Nullable String token(Pod pod, String volume, ServiceAccountTokenProjection source, boolean lenient) {
        ObjectNode request = Json.object();
        request.put("apiVersion", "authentication.k8s.io/v1").put("kind", "TokenRequest");
        ObjectNode spec = request.putObject("spec");
        spec.put("expirationSeconds", source.getExpirationSeconds() == null ? 3600 : source.getExpirationSeconds());
        if (source.getAudience() != null && !source.getAudience().isEmpty()) {
            spec.putArray("audiences").add(source.getAudience());
        }
        spec.putObject("boundObjectRef")
                .put("apiVersion", "v1")
                .put("kind", "Pod")
                .put("name", pod.getMetadata().getName())
                .put("uid", PodSpecs.uid(pod));
        String account = pod.getSpec().getServiceAccountName();
        try {
            JsonNode answer = agent.client()
                    .subresource(
                            ACCOUNTS,
                            pod.getMetadata().getNamespace(),
                            account == null || account.isEmpty() ? "default" : account,
                            "token",
                            request,
                            false);
            return answer.path("status").path("token").asText();
        } catch (StatusException e) {
            if (lenient) {
                return null;
            }
            throw new MountFailure(volume, "failed to fetch token: " + e.getMessage());
        }
    }

    private static int mode(@Nullable Integer mode) {
        return mode == null ? DEFAULT_MODE : mode;
    }

    private static void create(String volume, Path directory) {
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new MountFailure(volume, e.toString());
        }
    }

    private static void write(String volume, Path directory, Map<String, Content> files) {
        try {
            for (Map.Entry<String, Content> entry : files.entrySet()) {
                Path file = directory.resolve(entry.getKey()).normalize();
                if (!file.startsWith(directory)) {
                    throw new MountFailure(volume, "path escapes the volume: " + entry.getKey());
                }
                Files.createDirectories(file.getParent());
                Files.write(file, entry.getValue().bytes);
                permit(file, entry.getValue().mode);
            }
        } catch (IOException e) {
            throw new MountFailure(volume, e.toString());
        }
    }

    private static void permit(Path file, int mode) {
        StringBuilder text = new StringBuilder();
        for (int bit = 8; bit >= 0; bit--) {
            text.append((mode >> bit & 1) == 1 ? "xwr".charAt(bit % 3) : '-');
        }
        try {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(text.toString()));
        } catch (IOException | UnsupportedOperationException e) {
            // a file system without permissions has none to set
            return;
        }
    }
}
