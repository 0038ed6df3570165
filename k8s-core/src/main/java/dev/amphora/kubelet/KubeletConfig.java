package dev.amphora.kubelet;

import com.google.common.collect.ImmutableMap;
import com.google.common.net.InetAddresses;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Taint;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a kubelet and its node are set up. Immutable; each {@code with} method gives a changed copy. The defaults are the reference's.
 */
public final class KubeletConfig {
    private String nodeName;
    private Map<String, Quantity> capacity = ImmutableMap.of(
            "cpu", new Quantity("4"),
            "memory", new Quantity("8Gi"),
            "ephemeral-storage", new Quantity("100Gi"),
            "pods", new Quantity("110"));
    private Map<String, String> labels = Map.of();
    private Map<String, String> annotations = Map.of();
    private List<Taint> taints = List.of();
    private String podCidr = "127.128.0.0/24";
    private @Nullable String address;
    private Duration heartbeat = Duration.ofSeconds(10);
    private Duration leaseDuration = Duration.ofSeconds(40);
    private Duration statusReport = Duration.ofMinutes(5);
    private Duration retry = Duration.ofSeconds(10);
    private Duration restartBackoff = Duration.ofSeconds(10);
    private Duration maxRestartBackoff = Duration.ofSeconds(300);
    private Duration imageBackoff = Duration.ofSeconds(10);
    private Duration maxImageBackoff = Duration.ofSeconds(300);
    private int readOnlyPort;
    private String clusterDomain = "cluster.local";
    private List<String> clusterDns = List.of();
    private @Nullable Path rootDirectory;

    private KubeletConfig(String nodeName) {
        this.nodeName = nodeName;
    }

    private KubeletConfig(KubeletConfig other) {
        nodeName = other.nodeName;
        capacity = other.capacity;
        labels = other.labels;
        annotations = other.annotations;
        taints = other.taints;
        podCidr = other.podCidr;
        address = other.address;
        heartbeat = other.heartbeat;
        leaseDuration = other.leaseDuration;
        statusReport = other.statusReport;
        retry = other.retry;
        restartBackoff = other.restartBackoff;
        maxRestartBackoff = other.maxRestartBackoff;
        imageBackoff = other.imageBackoff;
        maxImageBackoff = other.maxImageBackoff;
        readOnlyPort = other.readOnlyPort;
        clusterDomain = other.clusterDomain;
        clusterDns = other.clusterDns;
        rootDirectory = other.rootDirectory;
    }

    /**
     * The defaults for a node: 4 CPUs, 8 GiB, 110 pods.
     *
     * @param nodeName unique in its cluster
     */
    public static KubeletConfig of(String nodeName) {
        return new KubeletConfig(nodeName);
    }

    /** Another node set up the same way. */
    public KubeletConfig withNodeName(String name) {
        KubeletConfig changed = new KubeletConfig(this);
        changed.nodeName = name;
        return changed;
    }

    /**
     * With another amount of one resource.
     *
     * @param resource such as {@code cpu}, {@code memory}, {@code pods} or {@code example.com/gpu}
     * @param amount a quantity, such as {@code 500m} or {@code 16Gi}
     */
    public KubeletConfig withCapacity(String resource, String amount) {
        KubeletConfig changed = new KubeletConfig(this);
        changed.capacity = put(capacity, resource, new Quantity(amount));
        return changed;
    }

    /** With a label on the node. */
    public KubeletConfig withLabel(String key, String value) {
        KubeletConfig changed = new KubeletConfig(this);
        changed.labels = put(labels, key, value);
        return changed;
    }

    /** With an annotation on the node. */
    public KubeletConfig withAnnotation(String key, String value) {
        KubeletConfig changed = new KubeletConfig(this);
        changed.annotations = put(annotations, key, value);
        return changed;
    }

    /** With these taints on the node when it is registered. */
    public KubeletConfig withTaints(List<Taint> registered) {
        KubeletConfig changed = new KubeletConfig(this);
        changed.taints = List.copyOf(registered);
        return changed;
    }

    /**
     * With another range of pod addresses, for runtimes that give them out themselves. Its first address is the node's own unless
     * that is {@linkplain #withAddress set}.
     *
     * @param cidr IPv4, such as {@code 127.128.3.0/24}
     */
    public KubeletConfig withPodCidr(String cidr) {
        KubeletConfig changed = new KubeletConfig(this);
        changed.podCidr = cidr;
        return changed;
    }

    /** With another address of the node: where pods on the host's network and the read-only port are. */
    public KubeletConfig withAddress(String ip) {
        KubeletConfig changed = new KubeletConfig(this);
        changed.address = ip;
        return changed;
    }

    /**
     * With another pace of the node's Lease.
     *
     * @param every how often it is renewed, 10 s by default
     * @param lasts for how long it holds, 40 s by default
     */
    public KubeletConfig withHeartbeat(Duration every, Duration lasts) {
        KubeletConfig changed = new KubeletConfig(this);
        changed.heartbeat = every;
        changed.leaseDuration = lasts;
        return changed;
    }

    /**
     * With another back-off for restarting containers, doubling from restart to restart. Tests want it short.
     *
     * @param initial before the second restart; the first is immediate
     * @param max the longest
     */
    public KubeletConfig withRestartBackoff(Duration initial, Duration max) {
        KubeletConfig changed = new KubeletConfig(this);
        changed.restartBackoff = initial;
        changed.maxRestartBackoff = max;
        return changed;
    }

    /** With another back-off for pulling images, doubling from failure to failure. */
    public KubeletConfig withImageBackoff(Duration initial, Duration max) {
        KubeletConfig changed = new KubeletConfig(this);
        changed.imageBackoff = initial;
        changed.maxImageBackoff = max;
        return changed;
    }

    /** With another pause before a failed step of a pod is tried again, 10 s by default. */
    public KubeletConfig withRetry(Duration pause) {
        KubeletConfig changed = new KubeletConfig(this);
        changed.retry = pause;
        return changed;
    }

    /**
     * With the read-only port open.
     *
     * @param port 10255 by tradition; 0 leaves it closed, which is the default
     */
    public KubeletConfig withReadOnlyPort(int port) {
        KubeletConfig changed = new KubeletConfig(this);
        changed.readOnlyPort = port;
        return changed;
    }

    /**
     * With a cluster DNS for pods that want it.
     *
     * @param domain such as {@code cluster.local}
     * @param servers addresses
     */
    public KubeletConfig withClusterDns(String domain, List<String> servers) {
        KubeletConfig changed = new KubeletConfig(this);
        changed.clusterDomain = domain;
        changed.clusterDns = List.copyOf(servers);
        return changed;
    }

    /**
     * With a directory for the files of pods, for runtimes that {@linkplain ContainerRuntime#seesHostFiles see} them. A temporary
     * directory is made if none is given.
     */
    public KubeletConfig withRootDirectory(Path directory) {
        KubeletConfig changed = new KubeletConfig(this);
        changed.rootDirectory = directory;
        return changed;
    }

    /** The node's name. */
    public String nodeName() {
        return nodeName;
    }

    /** The range of pod addresses. */
    public String podCidr() {
        return podCidr;
    }

    /** The node's address: the one given, else the first of the pod range. */
    public String address() {
        if (address != null) {
            return address;
        }
        int slash = podCidr.indexOf('/');
        int bits = Integer.parseInt(podCidr.substring(slash + 1));
        int network = InetAddresses.coerceToInteger(InetAddresses.forString(podCidr.substring(0, slash)));
        return InetAddresses.fromInteger((network & (bits == 0 ? 0 : -1 << 32 - bits)) + 1)
                .getHostAddress();
    }

    Map<String, Quantity> capacity() {
        return capacity;
    }

    Map<String, String> labels() {
        return labels;
    }

    Map<String, String> annotations() {
        return annotations;
    }

    List<Taint> taints() {
        return taints;
    }

    Duration heartbeat() {
        return heartbeat;
    }

    Duration leaseDuration() {
        return leaseDuration;
    }

    Duration statusReport() {
        return statusReport;
    }

    Duration retry() {
        return retry;
    }

    Duration restartBackoff() {
        return restartBackoff;
    }

    Duration maxRestartBackoff() {
        return maxRestartBackoff;
    }

    Duration imageBackoff() {
        return imageBackoff;
    }

    Duration maxImageBackoff() {
        return maxImageBackoff;
    }

    int readOnlyPort() {
        return readOnlyPort;
    }

    String clusterDomain() {
        return clusterDomain;
    }

    List<String> clusterDns() {
        return clusterDns;
    }

    @Nullable Path rootDirectory() {
        return rootDirectory;
    }

    private static <V> Map<String, V> put(Map<String, V> map, String key, V value) {
        ImmutableMap.Builder<String, V> changed = ImmutableMap.builder();
        return changed.putAll(map).put(key, value).buildKeepingLast();
    }
}
