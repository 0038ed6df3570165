package dev.amphora.apiserver;

import dev.amphora.apiserver.customresource.DefinedVersion;
import dev.amphora.apiserver.customresource.Definition;
import dev.amphora.apiserver.encryption.EncryptedStore;
import dev.amphora.apiserver.outside.WebhookServers;
import dev.amphora.apiserver.schema.ResourceInfo;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import dev.amphora.apiserver.strategy.Conversion;
import dev.amphora.apiserver.strategy.CustomResourceStrategy;
import dev.amphora.apiserver.strategy.KindConversions;
import dev.amphora.apiserver.strategy.Strategy;
import dev.amphora.kernel.Kernel;
import dev.amphora.store.Store;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;

/** Finds what serves a resource, and makes it when it is first asked for. */
final class Endpoints {
    static final String ROOT = "/registry/";

    /** Where the reference keeps what it does not keep under the plural. */
    private static final Map<String, String> PLACES = Map.of(
            "services", "services/specs",
            "endpoints", "services/endpoints",
            "nodes", "minions",
            "replicationcontrollers", "controllers",
            "ingresses.networking.k8s.io", "ingress",
            "apiservices.apiregistration.k8s.io", "apiregistration.k8s.io/apiservices",
            "customresourcedefinitions.apiextensions.k8s.io", "apiextensions.k8s.io/customresourcedefinitions");

    private final Kernel kernel;
    private final Store store;
    private final StoreFeed feed;
    private final SchemaCatalogue catalogue;
    private final BiFunction<String, String, Strategy> strategies;
    private final WebhookServers webhooks;
    private final ConcurrentHashMap<Key, Endpoint> endpoints = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<String, WatchCache> caches = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Stored, Endpoint> stored = new ConcurrentHashMap<>();
    private final CustomResources customResources;

    Endpoints(
            Kernel kernel,
            Store store,
            StoreFeed feed,
            SchemaCatalogue catalogue,
            BiFunction<String, String, Strategy> strategies,
            WebhookServers webhooks) {
        this.kernel = kernel;
        this.store = store;
        this.feed = feed;
        this.catalogue = catalogue;
        this.strategies = strategies;
        this.webhooks = webhooks;
        WatchCache definitions =
                cache(ROOT + Definition.GROUP + "/" + Definition.PLURAL + "/", Definition.GROUP, Definition.PLURAL);
        customResources = new CustomResources(definitions, catalogue, this::make);
    }

    private record Key(String group, String version, String plural) {}

    private record Stored(String group, String plural) {}

    /** All kinds that are served now. */
    SchemaCatalogue catalogue() {
        return customResources.catalogue();
    }

    /** A resource in a version that is served; empty if it isn't. */
    Optional<ResourceInfo> resource(String group, String version, String plural) {
        Optional<ResourceInfo> builtIn = catalogue.resource(group, version, plural);
        return builtIn.isPresent() ? builtIn : customResources.resource(group, version, plural);
    }

    CustomResources customResources() {
        return customResources;
    }

    /** What serves a resource in a version; empty if nothing does. */
    Optional<Endpoint> find(String group, String version, String plural) {
        Key key = new Key(group, version, plural);
        Endpoint known = endpoints.get(key);
        if (known != null) {
            return Optional.of(known);
        }
        Optional<ResourceInfo> builtIn = catalogue.resource(group, version, plural);
        return builtIn.isPresent()
                ? builtIn.map(info -> endpoints.computeIfAbsent(key, k -> make(info)))
                : customResources.find(group, version, plural);
    }

    /** What serves a resource in the version that is stored; empty if there is no such resource. */
    Optional<Endpoint> stored(String group, String plural) {
        Stored key = new Stored(group, plural);
        Endpoint known = stored.get(key);
        if (known != null) {
            return Optional.of(known);
        }
        for (ResourceInfo info : catalogue.resources()) {
            if (info.group().equals(group) && info.plural().equals(plural)) {
                ResourceInfo as = storedAs(info);
                Optional<Endpoint> found = find(as.group(), as.version(), as.plural());
                found.ifPresent(endpoint -> stored.put(key, endpoint));
                return found;
            }
        }
        return customResources.stored(group, plural);
    }

    private WatchCache cache(String prefix, String group, String plural) {
        return caches.computeIfAbsent(prefix, key -> {
            if (store instanceof EncryptedStore encrypted) {
                encrypted.serves(prefix, group, plural);
            }
            return new WatchCache(kernel, store, feed, key);
        });
    }

    private Endpoint make(DefinedVersion version) {
        ResourceInfo info = version.info();
        return new Endpoint(
                info,
                version.type(),
                info,
                version.type(),
                new CustomResourceStrategy(version),
                new CustomForm(version, kernel, webhooks),
                version,
                cache(ROOT + info.group() + "/" + info.plural() + "/", info.group(), info.plural()),
                store);
    }

    private Endpoint make(ResourceInfo info) {
        ResourceInfo stored = storedAs(info);
        Conversion conversion = stored == info
                ? null
                : KindConversions.find(info.apiVersion(), info.kind()).orElseThrow();
        return new Endpoint(
                info,
                catalogue.type(info),
                stored,
                catalogue.type(stored),
                strategies.apply(stored.group(), stored.plural()).servedAs(info.apiVersion()),
                conversion,
                null,
                cache(prefix(stored), stored.group(), stored.plural()),
                store);
    }

    /** What the caches in use have measured, in order. */
    List<Measurements> measure() {
        Map<String, Measurements> all = new TreeMap<>();
        for (ResourceInfo info : catalogue().resources()) {
            ResourceInfo stored = storedAs(info);
            WatchCache cache = caches.get(
                    catalogue
                                    .resource(stored.group(), stored.version(), stored.plural())
                                    .isPresent()
                            ? prefix(stored)
                            : ROOT + stored.group() + "/" + stored.plural() + "/");
            Measurements measured = cache == null ? null : cache.measure(stored.group(), stored.plural());
            if (measured != null) {
                all.put(stored.qualifiedName(), measured);
            }
        }
        return List.copyOf(all.values());
    }

    private ResourceInfo storedAs(ResourceInfo info) {
        String stored = KindConversions.storedVersion(info.apiVersion(), info.kind());
        if (stored == null) {
            return info;
        }
        int slash = stored.indexOf('/');
        String group = slash < 0 ? "" : stored.substring(0, slash);
        return catalogue
                .resource(group, stored.substring(slash + 1), info.plural())
                .orElse(info);
    }

    private static String prefix(ResourceInfo stored) {
        String place = PLACES.get(stored.qualifiedName());
        return ROOT + (place == null ? stored.plural() : place) + "/";
    }
}
