package dev.amphora.apiserver;

import dev.amphora.api.FieldSelector;
import dev.amphora.api.Selector;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.strategy.Strategy;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.MetricFamily;
import dev.amphora.store.CompactedException;
import dev.amphora.store.Store;
import io.fabric8.kubernetes.api.model.ListMetaBuilder;
import io.fabric8.kubernetes.api.model.StatusCauseBuilder;
import io.fabric8.kubernetes.api.model.StatusDetailsBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Get, list and watch, with the meanings that the API gives to resource versions. */
final class Reads {
    private static final int CHUNK = 500;

    private final Kernel kernel;
    private final StoreFeed feed;

    private final MetricFamily lists;
    private final MetricFamily returned;

    Reads(Kernel kernel, StoreFeed feed) {
        this.kernel = kernel;
        this.feed = feed;
        lists = kernel.meters()
                .counter(
                        "apiserver_cache_list_total",
                        "[ALPHA] Lists that were answered from a watch cache.",
                        "group",
                        "index",
                        "resource");
        returned = kernel.meters()
                .counter(
                        "apiserver_cache_list_returned_objects_total",
                        "[ALPHA] Objects in lists that were answered from a watch cache.",
                        "group",
                        "resource");
    }

    ApiResult get(Call call) {
        Endpoint endpoint = call.endpoint();
        long least = strictVersion(call.options().resourceVersion());
        if (least > 0) {
            reach(least, endpoint.isCached());
        }
        if (endpoint.isCached()) {
            endpoint.cache().start();
        }
        VersionedObject object = endpoint.find(
                        call.request().namespace(), call.request().name())
                .orElseThrow(() -> endpoint.notFound(call.request().name()));
        return ApiResult.ok(endpoint.view(object), call.warnings());
    }

    ApiResult list(Call call) {
        RequestOptions options = call.options();
        WatchFilter filter = filter(call);
        ListRules.check(options);
        long limit = Math.max(0, options.limit());
        String asked = options.resourceVersion();
        Endpoint endpoint = call.endpoint();
        String base = endpoint.collection(call.request().namespace());
        boolean any = asked.equals("0") && endpoint.isCached();
        Page page;
        if (!options.continueToken().isEmpty()) {
            ContinueToken token = ContinueToken.parse(options.continueToken());
            if (!asked.isEmpty() && !asked.equals("0")) {
                throw StatusException.badRequest("specifying resource version is not allowed when using continue");
            }
            String after = base + token.start();
            if (any) {
                page = onwards(endpoint, filter, 0, token, after);
            } else if (token.revision() == ContinueToken.NEWEST) {
                page = at(endpoint, filter, limit, feed.storeRevision(), after);
            } else {
                page = onwards(endpoint, filter, limit, token, after);
            }
        } else {
            long revision = version(asked, "invalid resource version: ");
            boolean exact = options.resourceVersionMatch().equals("Exact")
                    || (options.resourceVersionMatch().isEmpty() && revision > 0 && limit > 0);
            if (exact) {
                reach(revision, endpoint.isCached());
                page = exactly(endpoint, filter, limit, revision);
            } else {
                page = cut(cached(endpoint, filter, asked, revision), filter, any ? 0 : limit);
            }
        }
        List<VersionedObject> items = new ArrayList<>(page.items.size());
        page.items.forEach(item -> items.add(endpoint.view(item)));
        String group = endpoint.stored().group();
        String resource = endpoint.stored().plural();
        lists.add(1, group, "", resource);
        returned.add(items.size(), group, resource);
        Listing listing = new Listing(
                endpoint.info().apiVersion(),
                endpoint.info().listKind(),
                items,
                page.revision,
                page.last == null ? "" : new ContinueToken(page.revision, page.last.substring(base.length())).text(),
                page.last == null || !filter.isEverything() ? null : page.remaining);
        return ApiResult.ok(listing, call.warnings());
    }

    /** All objects of a resource now, in the stored version. */
    List<VersionedObject> all(Endpoint endpoint, String namespace) {
        String prefix = endpoint.collection(namespace);
        WatchFilter everything =
                new WatchFilter(prefix, Selector.everything(), FieldSelector.everything(), (object, field) -> null);
        return cached(endpoint, everything, "", 0).objects();
    }

    WatchSink.Handle watch(Call call, WatchSink sink) {
        RequestOptions options = call.options();
        Endpoint endpoint = call.endpoint();
        WatchFilter filter = filter(call);
        ListRules.checkWatch(options);
        long revision = strictVersion(options.resourceVersion());
        CacheWatcher watcher = new CacheWatcher(
                endpoint.cache(),
                filter,
                sink,
                endpoint::view,
                endpoint.info().apiVersion(),
                endpoint.info().kind(),
                options.allowWatchBookmarks(),
                kernel.actor("apiserver/watch/" + endpoint.info().plural()));
        boolean fromAnywhere = options.resourceVersionMatch().isEmpty() && revision == 0;
        boolean initial = options.sendInitialEvents() == null ? fromAnywhere : options.sendInitialEvents();
        try {
            if (!endpoint.isCached() && revision > 0) {
                checkKept(endpoint, revision);
            }
            if (initial && revision > 0) {
                reach(revision, true);
            }
            if (initial || revision == 0) {
                if (options.resourceVersion().isEmpty()) {
                    endpoint.cache().start();
                    feed.catchUp();
                }
                if (initial || options.sendInitialEvents() == null) {
                    endpoint.cache().watchFromNow(watcher, filter.prefix(), initial);
                } else {
                    endpoint.cache().watchFromNow(watcher);
                }
            } else {
                endpoint.cache().watchFrom(watcher, revision);
            }
            Long timeout = options.timeoutSeconds();
            watcher.keepTime(timeout == null || timeout <= 0 ? null : Duration.ofSeconds(timeout));
        } catch (StatusException e) {
            watcher.fail(e.status());
        }
        return watcher;
    }

    /** Refuses to watch from a revision that the store has forgotten. */
    private void checkKept(Endpoint endpoint, long revision) {
        try {
            if (revision <= feed.storeRevision()) {
                endpoint.store().range(endpoint.cache().prefix(), null, 1, revision);
            }
        } catch (CompactedException e) {
            throw StatusException.expired("The resourceVersion for the provided watch is too old.");
        }
    }

    /** What a request selects. */
    WatchFilter filter(Call call) {
        Endpoint endpoint = call.endpoint();
        RequestOptions options = call.options();
        Selector labels;
        FieldSelector fields;
        try {
            labels = Selector.parse(options.labelSelector());
            fields = FieldSelector.parse(options.fieldSelector());
        } catch (IllegalArgumentException e) {
            throw StatusException.badRequest(String.valueOf(e.getMessage()));
        }
        Strategy strategy = endpoint.strategy();
        FieldLabels.check(endpoint, fields);
        String prefix = endpoint.collection(call.request().namespace());
        String name = fields.required("metadata.name");
        if (name != null
                && !name.isEmpty()
                && (!endpoint.info().namespaced()
                        || !prefix.equals(endpoint.cache().prefix()))) {
            prefix += name;
        }
        return new WatchFilter(
                prefix,
                labels,
                FieldLabels.stored(endpoint, fields),
                (object, field) ->
                        strategy.selectableField(endpoint.working(object).tree(), field));
    }

    private WatchCache.Snapshot cached(Endpoint endpoint, WatchFilter filter, String asked, long revision) {
        WatchCache cache = endpoint.cache();
        if (revision > 0) {
            reach(revision, endpoint.isCached());
        }
        if (!asked.isEmpty() && endpoint.isCached()) {
            return cache.held(filter.prefix(), revision);
        }
        WatchCache.Snapshot fresh = cache.fresh(filter.prefix());
        if (fresh != null) {
            return fresh;
        }
        Store.Range range = endpoint.store().range(filter.prefix(), null, 0, 0);
        return new WatchCache.Snapshot(
                range.entries().stream().map(cache::object).toList(), range.revision());
    }

    /** Some objects, and the key of the last one if there are more. */
    private record Page(List<VersionedObject> items, long revision, @Nullable String last, long remaining) {}

    private static Page cut(WatchCache.Snapshot snapshot, WatchFilter filter, long limit) {
        List<VersionedObject> items = new ArrayList<>();
        int seen = 0;
        for (VersionedObject object : snapshot.objects()) {
            seen++;
            if (filter.selects(object)) {
                items.add(object);
                if (items.size() == limit && seen < snapshot.objects().size()) {
                    return new Page(
                            items,
                            snapshot.revision(),
                            object.key(),
                            (long) snapshot.objects().size() - seen);
                }
            }
        }
        return new Page(items, snapshot.revision(), null, 0);
    }

    /** The next page of a list as it was at its first; from the cache's memory if the store has forgotten. */
    private static Page onwards(Endpoint endpoint, WatchFilter filter, long limit, ContinueToken token, String after) {
        try {
            return at(endpoint, filter, limit, token.revision(), after);
        } catch (CompactedException e) {
            WatchCache.Snapshot known = remembered(endpoint, filter, token.revision());
            if (known == null) {
                throw tooOld(token);
            }
            return cut(known.after(after), filter, limit);
        }
    }

    private static StatusException tooOld(ContinueToken token) {
        StatusException expired = StatusException.expired(
                "The provided continue parameter is too old to display a consistent list result. You can start a new list"
                        + " without the continue parameter, or use the continue token in this response to retrieve the"
                        + " remainder of the results. Continuing with the provided token results in an inconsistent list -"
                        + " objects that were created, modified, or deleted between the time the first chunk was returned"
                        + " and now may show up in the list.");
        expired.status()
                .setMetadata(new ListMetaBuilder()
                        .withContinue(new ContinueToken(ContinueToken.NEWEST, token.start()).text())
                        .build());
        return expired;
    }

    private static Page exactly(Endpoint endpoint, WatchFilter filter, long limit, long revision) {
        try {
            return at(endpoint, filter, limit, revision, null);
        } catch (CompactedException e) {
            WatchCache.Snapshot known = remembered(endpoint, filter, revision);
            if (known == null) {
                throw StatusException.expired("The resourceVersion for the provided list is too old.");
            }
            return cut(known, filter, limit);
        }
    }

    private static WatchCache.@Nullable Snapshot remembered(Endpoint endpoint, WatchFilter filter, long revision) {
        return endpoint.isCached() ? endpoint.cache().past(filter.prefix(), revision) : null;
    }

    private static Page at(
            Endpoint endpoint, WatchFilter filter, long limit, long revision, @Nullable String startAfter) {
        List<VersionedObject> items = new ArrayList<>();
        String after = startAfter;
        int chunk = limit == 0 ? 0 : filter.isEverything() ? (int) Math.min(limit, CHUNK) : CHUNK;
        long seen = 0;
        long count = -1;
        while (true) {
            Store.Range range = endpoint.store().range(filter.prefix(), after, chunk, revision);
            if (count < 0) {
                count = range.count();
            }
            for (Store.Entry entry : range.entries()) {
                seen++;
                after = entry.key();
                VersionedObject object = endpoint.cache().object(entry);
                if (filter.selects(object)) {
                    items.add(object);
                    if (items.size() == limit) {
                        boolean more = seen < count;
                        return new Page(items, revision, more ? entry.key() : null, count - seen);
                    }
                }
            }
            if (!range.more()) {
                return new Page(items, revision, null, 0);
            }
        }
    }

    /** Waits until a revision has come; 504 if it doesn't. */
    private void reach(long revision, boolean retry) {
        long current = feed.applied();
        if (revision <= current || revision <= feed.storeRevision() || feed.await(revision)) {
            return;
        }
        StatusDetailsBuilder details = new StatusDetailsBuilder()
                .withCauses(new StatusCauseBuilder()
                        .withReason("ResourceVersionTooLarge")
                        .withMessage("Too large resource version")
                        .build());
        if (retry) {
            details.withRetryAfterSeconds(1);
        }
        throw StatusException.of(
                504,
                "Timeout",
                "Timeout: Too large resource version: %d, current: %d".formatted(revision, feed.applied()),
                details.build());
    }

    private static long version(String text, String prefix) {
        if (text.isEmpty()) {
            return 0;
        }
        String why = ListRules.badVersion(text);
        if (why != null) {
            throw StatusException.badRequest(prefix + "resourceVersion: " + why);
        }
        return Long.parseLong(text);
    }

    private static long strictVersion(String text) {
        if (text.isEmpty()) {
            return 0;
        }
        String why = ListRules.badVersion(text);
        if (why != null) {
            throw StatusException.of(500, "", "resourceVersion: " + why, null);
        }
        return Long.parseLong(text);
    }
}
