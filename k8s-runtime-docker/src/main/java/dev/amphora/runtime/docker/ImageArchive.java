package dev.amphora.runtime.docker;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.exception.NotFoundException;
import com.google.common.hash.Hashing;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;

/** An image of one layer, made without a registry, in the form that the engine loads. */
final class ImageArchive {
    private ImageArchive() {}

    /**
     * Loads an image unless it is there.
     *
     * @param name with its tag
     * @param architecture such as {@code amd64}
     * @param layer its file system
     */
    static void load(DockerClient client, String name, String architecture, TarArchive layer) {
        try {
            client.inspectImageCmd(name).exec();
        } catch (NotFoundException absent) {
            client.loadImageCmd(new ByteArrayInputStream(bytes(name, architecture, layer.bytes())))
                    .exec();
        }
    }

    private static byte[] bytes(String name, String architecture, byte[] layer) {
        String manifest =
                "[{\"Config\":\"config.json\",\"RepoTags\":[\"%s\"],\"Layers\":[\"layer.tar\"]}]".formatted(name);
        String config =
                "{\"architecture\":\"%s\",\"os\":\"linux\",\"config\":{\"Env\":[\"PATH=/bin\"]},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:%s\"]}}"
                        .formatted(architecture, Hashing.sha256().hashBytes(layer));
        return new TarArchive()
                .file("manifest.json", manifest.getBytes(StandardCharsets.UTF_8))
                .file("config.json", config.getBytes(StandardCharsets.UTF_8))
                .file("layer.tar", layer)
                .bytes();
    }
}
