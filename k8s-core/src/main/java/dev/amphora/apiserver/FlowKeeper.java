package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.flow.FlowSource;
import dev.amphora.kernel.Kernel;
import dev.amphora.store.Store;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the objects that say how requests share the server: makes those that every cluster has, and says of each flow schema whether the
 * level that it names is there. The reference leaves the latter to a controller; here it is done when the write is answered.
 */
final class FlowKeeper implements LateObjects.Source, FlowSource, WatchCache.Follower {
    private static final Logger log = LoggerFactory.getLogger(FlowKeeper.class);
    private static final String PRODUCER = "api-priority-and-fairness-config-producer-v1";
    private static final String CONSUMER = "api-priority-and-fairness-config-consumer-v1";
    private static final String VERSION = "v1";
    private static final String API_VERSION = FlowObjects.GROUP + "/" + VERSION;

    private final Kernel kernel;
    private final Store store;
    private final OwnRequests own;
    private final Map<String, String> uids = new LinkedHashMap<>();
    private final AtomicLong edition = new AtomicLong();
    private volatile boolean written;
    private volatile boolean looked;
    private volatile boolean checked;

    FlowKeeper(Kernel kernel, Store store, OwnRequests own) {
        this.kernel = kernel;
        this.store = store;
        this.own = own;
    }

    /** The uid that an object that every cluster has gets when it is written. */
    String uid(String plural, String name) {
        synchronized (uids) {
            return uids.computeIfAbsent(plural + "/" + name, key -> kernel.newUid());
        }
    }

    @Override
    public long edition() {
        return edition.get();
    }

    @Override
    public List<ObjectNode> levels() {
        return isStored()
                ? own.list(FlowObjects.GROUP, FlowObjects.LEVELS)
                : withUids(FlowObjects.LEVELS, FlowObjects.levels());
    }

    @Override
    public List<ObjectNode> schemas() {
        return isStored()
                ? own.list(FlowObjects.GROUP, FlowObjects.SCHEMAS)
                : withUids(FlowObjects.SCHEMAS, FlowObjects.schemas());
    }

    private List<ObjectNode> withUids(String plural, List<ObjectNode> objects) {
        objects.forEach(object -> Metadata.of(object).put("uid", uid(plural, Metadata.text(object, "name"))));
        return objects;
    }

    /** Whether what is stored counts already: once it has been written here, or if another server has. */
    private boolean isStored() {
        if (!looked && !checked) {
            checked = true;
            if (!store.range(Endpoints.ROOT + FlowObjects.SCHEMAS + "/", null, 1, 0)
                    .entries()
                    .isEmpty()) {
                own.list(FlowObjects.GROUP, FlowObjects.SCHEMAS);
            }
        }
        return looked;
    }

    /** From now on what is stored counts, and whatever changes there. */
    private void follow() {
        for (String plural : List.of(FlowObjects.LEVELS, FlowObjects.SCHEMAS)) {
            own.list(FlowObjects.GROUP, plural);
            own.follow(FlowObjects.GROUP, VERSION, plural, this);
        }
        looked = true;
        edition.incrementAndGet();
    }

    @Override
    public void read(Collection<VersionedObject> objects) {
        edition.incrementAndGet();
    }

    @Override
    public void changed(Change change) {
        edition.incrementAndGet();
    }

    @Override
    public boolean isDue() {
        return !written;
    }

    @Override
    public void write() {
        written = true;
        FlowObjects.levels().forEach(level -> plant(FlowObjects.LEVELS, level));
        List<ObjectNode> schemas = FlowObjects.schemas();
        schemas.forEach(schema -> plant(FlowObjects.SCHEMAS, schema));
        schemas.forEach(schema -> settle(Metadata.text(schema, "name")));
        follow();
    }

    private void plant(String plural, ObjectNode object) {
        String name = Metadata.text(object, "name");
        if (own.find(FlowObjects.GROUP, plural, "", name).isEmpty()) {
            own.plant(PRODUCER, FlowObjects.GROUP, VERSION, plural, object, uid(plural, name));
        }
    }

    /** Somebody has written a flow schema or a level: what is said of schemas is set right. */
    void written(ApiRequest request) {
        if (!request.subresource().isEmpty()) {
            return;
        }
        own.list(FlowObjects.GROUP, FlowObjects.SCHEMAS).forEach(this::settle);
    }

    private void settle(String name) {
        own.find(FlowObjects.GROUP, FlowObjects.SCHEMAS, "", name).ifPresent(this::settle);
    }

    private void settle(ObjectNode schema) {
        String level = schema.path("spec")
                .path("priorityLevelConfiguration")
                .path("name")
                .asText();
        boolean there =
                own.find(FlowObjects.GROUP, FlowObjects.LEVELS, "", level).isPresent();
        Optional<JsonNode> before = condition(schema);
        String status = there ? "False" : "True";
        String reason = there ? "Found" : "NotFound";
        String message = "This FlowSchema references the PriorityLevelConfiguration object named "
                + Json.quote(level)
                + (there ? " and it exists" : " but there is no such object");
        boolean same = before.filter(known -> known.path("status").asText().equals(status))
                .isPresent();
        if (same
                && before.get().path("reason").asText().equals(reason)
                && before.get().path("message").asText().equals(message)) {
            return;
        }
        ObjectNode wish = Json.object().put("apiVersion", API_VERSION).put("kind", "FlowSchema");
        wish.putObject("metadata").put("name", Metadata.text(schema, "name"));
        wish.putObject("status")
                .putArray("conditions")
                .addObject()
                .put("type", "Dangling")
                .put("status", status)
                .put(
                        "lastTransitionTime",
                        same ? before.get().path("lastTransitionTime").asText() : Metadata.time(kernel.instant()))
                .put("reason", reason)
                .put("message", message);
        try {
            own.applyStatus(
                    CONSUMER, FlowObjects.GROUP, VERSION, FlowObjects.SCHEMAS, Metadata.text(schema, "name"), wish);
        } catch (StatusException e) {
            log.warn("The status of flow schema {} was not written: {}", Metadata.text(schema, "name"), e.getMessage());
        }
    }

    private static Optional<JsonNode> condition(ObjectNode schema) {
        for (JsonNode condition : schema.path("status").path("conditions")) {
            if (condition.path("type").asText().equals("Dangling")) {
                return Optional.of(condition);
            }
        }
        return Optional.empty();
    }
}
