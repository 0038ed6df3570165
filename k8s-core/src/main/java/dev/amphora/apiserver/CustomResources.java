package dev.amphora.apiserver;

import dev.amphora.apiserver.customresource.DefinedVersion;
import dev.amphora.apiserver.customresource.Definition;
import dev.amphora.apiserver.schema.ResourceInfo;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What is served of custom resources. Follows the definitions in the watch cache, so that a definition counts as soon as the write that
 * establishes it is answered, whoever made it. Nothing is read before the first request that may be about a custom resource.
 */
final class CustomResources implements WatchCache.Follower {
    private final WatchCache cache;
    private final SchemaCatalogue builtIn;
    private final Function<DefinedVersion, Endpoint> maker;
    private final NavigableMap<String, Served> served = new ConcurrentSkipListMap<>();
    private final ConcurrentHashMap<String, ConcurrentSkipListMap<String, Definition>> groups =
            new ConcurrentHashMap<>();
    private volatile long edition;
    private volatile @Nullable Made made;

    /**
     * Follows definitions.
     *
     * @param cache of the definitions
     * @param builtIn the kinds that are no custom resources
     * @param maker makes what serves a version
     */
    CustomResources(WatchCache cache, SchemaCatalogue builtIn, Function<DefinedVersion, Endpoint> maker) {
        this.cache = cache;
        this.builtIn = builtIn;
        this.maker = maker;
        cache.follow(this);
    }

    /** A definition and what serves its versions, made when first asked for. */
    private record Served(Definition definition, ConcurrentHashMap<String, Endpoint> endpoints) {
        Served(Definition definition) {
            this(definition, new ConcurrentHashMap<>());
        }
    }

    private record Made(long edition, SchemaCatalogue catalogue) {}

    /** What serves a version of a custom resource; empty if nothing does. */
    Optional<Endpoint> find(String group, String version, String plural) {
        cache.start();
        Served found = served.get(plural + "." + group);
        return found == null || !found.definition.isEstablished()
                ? Optional.empty()
                : found.definition
                        .version(version)
                        .filter(DefinedVersion::served)
                        .map(each -> endpoint(found, each));
    }

    /** A version of a custom resource as discovery lists it, found without looking at any other; empty if it isn't served. */
    Optional<ResourceInfo> resource(String group, String version, String plural) {
        cache.start();
        Served found = served.get(plural + "." + group);
        return found == null || !found.definition.isEstablished()
                ? Optional.empty()
                : found.definition
                        .version(version)
                        .filter(DefinedVersion::served)
                        .map(DefinedVersion::listed)
                        .filter(info -> info.plural().equals(plural));
    }

    /** What serves the version in which objects are stored, served or not; empty if there is no such resource. */
    Optional<Endpoint> stored(String group, String plural) {
        cache.start();
        Served found = served.get(plural + "." + group);
        return found == null || !found.definition.isEstablished()
                ? Optional.empty()
                : Optional.of(endpoint(found, found.definition.storage()));
    }

    private Endpoint endpoint(Served found, DefinedVersion version) {
        return found.endpoints.computeIfAbsent(version.name(), name -> maker.apply(version));
    }

    /** All kinds that are served, built in and custom. */
    SchemaCatalogue catalogue() {
        cache.start();
        Made known = made;
        long wanted = edition;
        if (known != null && known.edition == wanted) {
            return known.catalogue;
        }
        List<SchemaCatalogue.Entry> entries = new ArrayList<>();
        for (Served each : served.values()) {
            if (each.definition.isEstablished()) {
                each.definition.versions().stream()
                        .filter(DefinedVersion::served)
                        .forEach(version -> entries.add(new SchemaCatalogue.Entry(version.listed(), version.type())));
            }
        }
        SchemaCatalogue all = builtIn.with(entries);
        made = new Made(wanted, all);
        return all;
    }

    /** A definition by its name. */
    Optional<Definition> definition(String name) {
        cache.start();
        return Optional.ofNullable(served.get(name)).map(Served::definition);
    }

    /** All definitions in the order of their names. */
    List<Definition> definitions() {
        cache.start();
        return served.values().stream().map(Served::definition).toList();
    }

    /** The definitions of a group in the order of their names. */
    Collection<Definition> ofGroup(String group) {
        cache.start();
        Map<String, Definition> found = groups.get(group);
        return found == null ? List.of() : found.values();
    }

    private void put(Served entry) {
        Definition definition = entry.definition;
        served.put(definition.name(), entry);
        groups.computeIfAbsent(definition.group(), group -> new ConcurrentSkipListMap<>())
                .put(definition.name(), definition);
    }

    @Override
    public void read(Collection<VersionedObject> objects) {
        served.clear();
        groups.clear();
        for (VersionedObject object : objects) {
            put(new Served(Definition.of(object.tree())));
        }
        edition++;
    }

    @Override
    public void changed(Change change) {
        VersionedObject object = change.object();
        if (object == null) {
            Definition last = Definition.of(change.last().tree());
            Served gone = served.remove(last.name());
            groups.computeIfPresent(last.group(), (group, left) -> {
                left.remove(last.name());
                return left.isEmpty() ? null : left;
            });
            edition++;
            if (gone != null) {
                endWatchers(gone);
            }
            return;
        }
        Definition definition = Definition.of(object.tree());
        Served before = served.get(definition.name());
        if (before != null && before.definition.servesLike(definition)) {
            put(new Served(definition, before.endpoints));
            return;
        }
        put(new Served(definition));
        edition++;
        if (before != null && !before.definition.describesLike(definition)) {
            endWatchers(before);
        }
    }

    /** Who watches objects by a schema that no longer holds must begin again. */
    private static void endWatchers(Served gone) {
        gone.endpoints.values().forEach(endpoint -> endpoint.cache().endWatchers());
    }
}
