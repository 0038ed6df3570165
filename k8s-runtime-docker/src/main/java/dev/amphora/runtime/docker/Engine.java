package dev.amphora.runtime.docker;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.Version;
import com.github.dockerjava.core.DefaultDockerClientConfig;
import com.github.dockerjava.core.DockerClientImpl;
import com.github.dockerjava.core.RemoteApiVersion;
import com.github.dockerjava.transport.DockerHttpClient;
import com.github.dockerjava.zerodep.ZerodepDockerHttpClient;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connection to a Docker Engine, made when first needed and again when that failed. All methods block.
 */
final class Engine implements AutoCloseable {
    /** How to get an engine where there is none. */
    static final String HOW_TO_GET_DOCKER =
            "install it with: apt-get install docker.io (Debian, Ubuntu), or see https://docs.docker.com/engine/install;"
                    + " then start it (dockerd) and set DOCKER_HOST if it listens elsewhere";

    private static final Logger log = LoggerFactory.getLogger(Engine.class);

    /** Events and followed logs hold a connection each. */
    private static final int MAX_CONNECTIONS = 256;

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
    private static final RemoteApiVersion NEWEST_KNOWN = RemoteApiVersion.VERSION_1_44;
    private static final int LEAST_OOM_SCORE_ADJUSTMENT = -998;

    private final @Nullable String host;
    private final Map<String, String> labels;
    private @Nullable Connection connection;
    private @Nullable Boolean lowersOomScore;
    private @Nullable Boolean grantsPrivileges;
    private boolean closed;

    private record Connection(DockerClient client, Version version, URI address, String apiVersion) {}

    /**
     * No connection yet.
     *
     * @param host such as {@code unix:///var/run/docker.sock}; null for what the environment says
     * @param labels of the containers that find out what the engine can do
     */
    Engine(@Nullable String host, Map<String, String> labels) {
        this.host = host;
        this.labels = labels;
    }

    DockerClient client() {
        return connection().client;
    }

    Version version() {
        return connection().version;
    }

    /** Requests that become streams. */
    Hijack hijack() {
        Connection current = connection();
        return new Hijack(current.address, current.apiVersion);
    }

    /** Whether a process may be made less likely to be killed when memory runs out; needs CAP_SYS_RESOURCE. */
    synchronized boolean lowersOomScore(String image) {
        if (lowersOomScore == null) {
            lowersOomScore = starts(image, new HostConfig().withOomScoreAdj(LEAST_OOM_SCORE_ADJUSTMENT));
            if (!lowersOomScore) {
                log.warn("The Docker Engine may not lower OOM scores; containers run without");
            }
        }
        return lowersOomScore;
    }

    /** Whether privileged containers can be run; not where the engine itself is confined. */
    synchronized boolean grantsPrivileges(String image) {
        if (grantsPrivileges == null) {
            grantsPrivileges = starts(image, new HostConfig().withPrivileged(true));
            if (!grantsPrivileges) {
                log.warn("The Docker Engine cannot run privileged containers; they run without privileges");
            }
        }
        return grantsPrivileges;
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (connection != null) {
            closeQuietly(connection.client);
            connection = null;
        }
    }

    private synchronized Connection connection() {
        if (closed) {
            throw new IllegalStateException("the runtime is closed");
        }
        if (connection == null) {
            connection = connect();
        }
        return connection;
    }

    private Connection connect() {
        DefaultDockerClientConfig.Builder settings = DefaultDockerClientConfig.createDefaultConfigBuilder();
        if (host != null) {
            settings.withDockerHost(host);
        }
        DefaultDockerClientConfig config = settings.build();
        DockerHttpClient transport = new ZerodepDockerHttpClient.Builder()
                .dockerHost(config.getDockerHost())
                .sslConfig(config.getSSLConfig())
                .maxConnections(MAX_CONNECTIONS)
                .connectionTimeout(CONNECT_TIMEOUT)
                .build();
        try {
            Version version =
                    DockerClientImpl.getInstance(config, transport).versionCmd().exec();
            // Engines refuse versions newer than theirs and, since 29, requests that name none of at least 1.44.
            RemoteApiVersion offered = RemoteApiVersion.parseConfig(version.getApiVersion());
            RemoteApiVersion spoken = offered.isGreaterOrEqual(NEWEST_KNOWN) ? NEWEST_KNOWN : offered;
            DefaultDockerClientConfig agreed = settings.withApiVersion(spoken).build();
            return new Connection(
                    DockerClientImpl.getInstance(agreed, transport),
                    version,
                    config.getSSLConfig() == null
                            ? config.getDockerHost()
                            : URI.create("https://" + config.getDockerHost().getAuthority()),
                    spoken.getVersion());
        } catch (RuntimeException e) {
            try {
                transport.close();
            } catch (IOException closing) {
                e.addSuppressed(closing);
            }
            Throwable root = e;
            while (root.getCause() != null && root.getCause() != root) {
                root = root.getCause();
            }
            throw new EngineException(
                    "no Docker Engine answers at " + config.getDockerHost() + " (" + root.getMessage() + "); "
                            + HOW_TO_GET_DOCKER,
                    e);
        }
    }

    private boolean starts(String image, HostConfig how) {
        DockerClient client = client();
        String id = client.createContainerCmd(image)
                .withCmd(SandboxImage.command())
                .withLabels(labels)
                .withHostConfig(how.withNetworkMode("none"))
                .exec()
                .getId();
        try {
            client.startContainerCmd(id).exec();
            return true;
        } catch (RuntimeException refused) {
            log.debug("The engine refuses {}", how, refused);
            return false;
        } finally {
            client.removeContainerCmd(id).withForce(true).exec();
        }
    }

    private static void closeQuietly(DockerClient client) {
        try {
            client.close();
        } catch (IOException e) {
            log.debug("The connection to the Docker Engine did not close", e);
        }
    }
}
