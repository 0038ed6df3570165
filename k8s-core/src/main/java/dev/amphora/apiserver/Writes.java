package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.api.Trees;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import dev.amphora.apiserver.schema.CompleteForm;
import dev.amphora.apiserver.schema.ResourceInfo;
import dev.amphora.apiserver.strategy.Conversion;
import dev.amphora.kernel.Kernel;
import dev.amphora.store.Store;
import io.fabric8.kubernetes.api.model.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Create and update: from a decoded object to one compare-and-swap in the store. */
final class Writes {
    /** How often a name is generated before the collision is the caller's problem, as the reference does since 1.30. */
    private static final int MAX_GENERATED_NAMES = 8;

    private static final String MODIFIED =
            "the object has been modified; please apply your changes to the latest version and try again";
    private static final int MAX_ATTEMPTS = 100;
    private static final String SPEC = "spec";

    private final Kernel kernel;
    private final StoreFeed feed;
    private final Admission admission;
    private final Allocations allocations;
    private final DeviceAccess deviceAccess;
    private final @Nullable Duration eventTimeToLive;
    private final Consumer<ApiRequest> creation;
    private final StoreMeter meter;
    private final FieldOwnership owners;
    private final Lookalikes lookalikes = new Lookalikes();

    Writes(
            Kernel kernel,
            StoreFeed feed,
            Endpoints endpoints,
            Admission admission,
            Allocations allocations,
            DeviceAccess deviceAccess,
            Duration eventTimeToLive,
            Consumer<ApiRequest> creation) {
        this.kernel = kernel;
        this.feed = feed;
        this.admission = admission;
        this.allocations = allocations;
        this.deviceAccess = deviceAccess;
        this.eventTimeToLive = eventTimeToLive.isZero() ? null : eventTimeToLive;
        this.creation = creation;
        owners = new FieldOwnership(kernel, endpoints);
        meter = new StoreMeter(kernel);
    }

    /** Makes the next state of an object from the present one; may be called again if somebody else was faster. */
    @FunctionalInterface
    interface Mutation {
        /**
         * The next state.
         *
         * @param current what is stored, null if nothing is; read-only
         * @return a tree of its own in the stored version; its {@code metadata.resourceVersion}, if any, is a condition
         */
        ObjectNode next(@Nullable VersionedObject current);

        /**
         * What admission plugins are shown of an object: all of it, or what the subresource is about.
         *
         * @param object as it is to be, or as it was
         */
        default ObjectNode shown(ObjectNode object) {
            return object;
        }

        /** Takes over into an object what plugins have made of the tree that {@link #shown} gave them. */
        default void admitted(ObjectNode shown, ObjectNode object) {}

        /**
         * What is known of such changes if it has changed the status alone, in a tree that shares with the present one all that is neither
         * status nor metadata; otherwise null.
         */
        default StatusMemory.@Nullable Case ofStatusAlone() {
            return null;
        }

        /** Whether the tree comes with the right {@code managedFields}; otherwise they are kept here. */
        default boolean managesFields() {
            return false;
        }
    }

    /** Keeps {@code managedFields}. */
    FieldOwnership owners() {
        return owners;
    }

    ApiResult create(Call call) {
        Endpoint endpoint = call.endpoint();
        Lookalikes.Match alike = lookalikes.of(call, owners.now());
        VersionedObject made = insertNamed(
                call, alike == null ? null : alike.known(), () -> alike == null ? decoded(call) : decoded(call, alike));
        return ApiResult.created(endpoint.view(made), call.warnings());
    }

    /** The object that is to be stored, with its defaults. */
    private static ObjectNode decoded(Call call) {
        ResourceInfo info = call.endpoint().info();
        ObjectNode object = Bodies.object(call, info.group(), info.version(), info.kind());
        matchNamespace(call, object);
        toStored(call, object);
        return object;
    }

    /** The same, and what follows before admission; done once for all that are alike. */
    private ObjectNode decoded(Call call, Lookalikes.Match match) {
        Lookalike alike = match.known();
        ObjectNode known = alike.begun(match.name());
        if (known != null) {
            return known;
        }
        ObjectNode object = decoded(call);
        begin(call, object, false);
        if (!call.warnings().isEmpty() || call.endpoint().strategy().regardsNameOf(object)) {
            alike.spoil();
        } else {
            alike.begin(object);
        }
        return object;
    }

    /** Stores a new object; one that wants a generated name gets another if somebody has that already. */
    private VersionedObject insertNamed(Call call, @Nullable Lookalike alike, Supplier<ObjectNode> given) {
        ObjectNode object = given.get();
        boolean generates = Metadata.text(object, "name").isEmpty()
                && !Metadata.text(object, "generateName").isEmpty();
        for (int attempt = 1; generates && attempt < MAX_GENERATED_NAMES; attempt++) {
            try {
                return insert(call, object, alike, alike != null);
            } catch (StatusException e) {
                if (!e.isAlreadyExists()) {
                    throw e;
                }
                object = given.get();
            }
        }
        return insert(call, object, alike, alike != null);
    }

    /** What can be said of a new object, given in the stored version with its defaults, before admission. */
    private void begin(Call call, ObjectNode given, boolean managed) {
        Endpoint endpoint = call.endpoint();
        if (endpoint.custom() != null && endpoint.custom().definition().isTerminating()) {
            throw StatusException.forbidden(
                    endpoint.info().group(),
                    endpoint.info().plural(),
                    Metadata.text(given, "name"),
                    "create not allowed while custom resource definition is terminating");
        }
        Metadata.wipe(given);
        endpoint.strategy().stamp(given, Metadata.time(kernel.instant()));
        OwnerReferences.deduplicate(call, given);
        if (!managed) {
            owners.note(call, given, null, false);
        }
    }

    /** What is stored of an admitted object, checked; its resource version is still that of the caller. */
    private ObjectNode finish(Call call, ObjectNode given) {
        Endpoint endpoint = call.endpoint();
        ObjectNode prepared = CompleteForm.of(given, endpoint.storedType());
        endpoint.strategy().earlyWarnings(prepared).forEach(call::warn);
        endpoint.strategy().dropDisabledFields(prepared);
        endpoint.strategy().prepareForCreate(prepared);
        ObjectNode object = CompleteForm.ofOwn(prepared, endpoint.storedType());
        List<FieldError> errors = new ArrayList<>(endpoint.strategy().validate(object));
        errors.addAll(deviceAccess.check(endpoint, object));
        refuse(endpoint, object, errors);
        endpoint.strategy().warnings(object).forEach(call::warn);
        return object;
    }

    /**
     * Stores a new object.
     *
     * @param alike what is known, or to be remembered, of such objects; null for nothing
     * @param begun whether it has been through {@link #begin}
     */
    private VersionedObject insert(Call call, ObjectNode given, @Nullable Lookalike alike, boolean begun) {
        Endpoint endpoint = call.endpoint();
        if (!begun) {
            begin(call, given, false);
        }
        admission.mutate(call, Operation.CREATE, given, null);
        OwnerReferences.deduplicateAdmitted(call, given);
        Metadata.generateName(given, kernel);
        Metadata.fill(given, kernel, endpoint.strategy().hasGeneration());
        CertificateRequests.sign(call, given);
        boolean fit = alike != null
                && !alike.isUnfit()
                && Lookalikes.isLabel(given.path("metadata").path("name"))
                && !given.path("metadata").has("resourceVersion");
        ObjectNode known = alike != null && fit ? alike.finished(given) : null;
        ObjectNode admitted = fit && known == null ? given.deepCopy() : null;
        int warnings = call.warnings().size();
        ObjectNode object = known != null ? known : finish(call, given);
        boolean silent = call.warnings().size() == warnings;
        admission.validate(call, Operation.CREATE, object, null);
        String version = Metadata.text(object, "resourceVersion");
        Metadata.of(object).remove("resourceVersion");
        if (known == null) {
            CompleteForm.forgetEmpty(object, endpoint.storedType());
        }
        String key = endpoint.key(Metadata.text(object, "namespace"), Metadata.text(object, "name"));
        if (call.options().isDryRun()) {
            if (endpoint.store().get(key).entry().isPresent()) {
                throw exists(endpoint, object);
            }
            allocations.dryRun(endpoint, object, null);
            return VersionedObject.of(object);
        }
        if (!version.isEmpty() && version.matches("0*[1-9]\\d*")) {
            throw StatusException.of(500, "", "resourceVersion should not be set on objects to be created", null);
        }
        try (Allocations.Held held = allocations.hold(endpoint, object, null);
                StoreFeed.OwnWrites writing = feed.writing()) {
            ObjectNode form = endpoint.storedForm(object);
            byte[] ready = alike != null && known != null && !held.changed() ? alike.bytes(object) : null;
            byte[] value = ready != null ? ready : StoredForm.of(form);
            Store.Swap swap = meter.measure(endpoint, StoreMeter.Operation.create, () -> endpoint.store()
                    .put(key, value, 0, timeToLive(endpoint)));
            if (!swap.succeeded()) {
                throw exists(endpoint, object);
            }
            held.keep();
            if (alike != null && admitted != null && silent && !held.changed()) {
                alike.finish(admitted, object, value);
            }
            return stored(endpoint, key, value, form, null, swap.revision());
        }
    }

    /** Stores an object that the server makes for itself: nobody is asked, nothing is checked. Does nothing if it is there. */
    void plant(Call call, ObjectNode object, @Nullable String uid) {
        Endpoint endpoint = call.endpoint();
        object.put("apiVersion", endpoint.info().apiVersion())
                .put("kind", endpoint.info().kind());
        endpoint.strategy().setDefaults(object);
        owners.note(call, object, null, false);
        Metadata.fill(object, kernel, endpoint.strategy().hasGeneration());
        if (uid != null) {
            Metadata.of(object).put("uid", uid);
        }
        ObjectNode prepared = CompleteForm.of(object, endpoint.storedType());
        endpoint.strategy().prepareForCreate(prepared);
        ObjectNode complete = CompleteForm.of(prepared, endpoint.storedType());
        CompleteForm.forgetEmpty(complete, endpoint.storedType());
        String key = endpoint.key(Metadata.text(complete, "namespace"), Metadata.text(complete, "name"));
        byte[] value = StoredForm.of(complete);
        Store.Swap swap = endpoint.store().put(key, value, 0, timeToLive(endpoint));
        if (swap.succeeded()) {
            stored(endpoint, key, value, complete, null, swap.revision());
        }
    }

    ApiResult update(Call call) {
        Endpoint endpoint = call.endpoint();
        ObjectNode body = replacement(call);
        Facet facet = Facets.of(endpoint, call.request().subresource());
        if (facet == null) {
            throw ApiServer.notFound();
        }
        // Of a status alone callers in process leave the spec out; it is as before, also for those who are asked.
        // These are shown what came over a transport as it was sent.
        Body given = call.request().body();
        boolean statusAlone = endpoint.custom() == null
                && given != null
                && given.tree() != null
                && call.request().subresource().equals("status")
                && !body.has("spec");
        toStored(call, body);
        AtomicReference<@Nullable ObjectNode> first = new AtomicReference<>(body);
        boolean[] made = new boolean[1];
        VersionedObject result = mutate(
                call,
                current -> {
                    made[0] = current == null;
                    ObjectNode next = first.getAndSet(null);
                    if (next == null) {
                        next = replacement(call);
                        toStored(call, next);
                    }
                    if (current != null) {
                        sameUid(call, next, current);
                    }
                    JsonNode spec = statusAlone && current != null
                            ? endpoint.working(current).tree().get(SPEC)
                            : null;
                    if (spec != null) {
                        next.set(SPEC, spec);
                    }
                    return next;
                },
                facet,
                call.request().subresource().isEmpty() && endpoint.strategy().createOnUpdate());
        return made[0]
                ? ApiResult.created(endpoint.view(result), call.warnings())
                : ApiResult.ok(endpoint.view(result), call.warnings());
    }

    /** The object that a caller gives, read once for each attempt. */
    private static ObjectNode replacement(Call call) {
        ResourceInfo info = call.endpoint().info();
        ObjectNode body = Bodies.object(call, info.group(), info.version(), info.kind());
        matchName(call, body);
        matchNamespace(call, body);
        return body;
    }

    /** Changes an object until nobody else is in the way. */
    VersionedObject mutate(Call call, Mutation mutation, Facet facet, boolean mayCreate) {
        return mutate(call, mutation, facet, mayCreate, admission);
    }

    /** The same without asking the admission plugins: they were asked about what was posted. */
    VersionedObject mutateUnasked(Call call, Mutation mutation, Facet facet) {
        return mutate(call, mutation, facet, false, null);
    }

    private VersionedObject mutate(
            Call call, Mutation mutation, Facet facet, boolean mayCreate, @Nullable Admission asked) {
        Endpoint endpoint = call.endpoint();
        String name = call.request().name();
        String key = call.key();
        if (endpoint.isCached()) {
            endpoint.cache().start();
        }
        for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
            Optional<Store.Entry> entry = endpoint.store().get(key).entry();
            if (entry.isEmpty()) {
                if (!mayCreate) {
                    throw endpoint.notFound(name);
                }
                creation.accept(call.request());
                ObjectNode object = mutation.next(null);
                if (!Metadata.text(object, "uid").isEmpty()) {
                    throw StatusException.conflict(
                            endpoint.info().group(),
                            endpoint.info().plural(),
                            name,
                            uidMismatch(call, Metadata.text(object, "uid"), ""));
                }
                Metadata.of(object).remove("resourceVersion");
                try {
                    begin(call, object, mutation.managesFields());
                    return insert(call, object, null, true);
                } catch (StatusException e) {
                    if (!e.isAlreadyExists()) {
                        throw e;
                    }
                    // Somebody else was first: then it is a change.
                    continue;
                }
            }
            VersionedObject written = attempt(call, key, entry.get(), mutation, facet, asked);
            if (written != null) {
                return written;
            }
        }
        throw StatusException.conflict(endpoint.info().group(), endpoint.info().plural(), name, MODIFIED);
    }

    /** One try; null if somebody else has changed the object meanwhile. */
    private @Nullable VersionedObject attempt(
            Call call, String key, Store.Entry entry, Mutation mutation, Facet facet, @Nullable Admission asked) {
        Endpoint endpoint = call.endpoint();
        VersionedObject current = endpoint.cache().object(entry);
        ObjectNode old = endpoint.working(current).tree();
        ObjectNode given = mutation.next(current);
        if (facet.isCertain()) {
            return write(call, key, entry, CompleteForm.ofChanged(given, old, endpoint.storedType()), old, current);
        }
        // Such a change can't touch the rest: whatever anybody makes of that is put back.
        StatusMemory.Case alike = mutation.ofStatusAlone();
        ObjectNode rest = alike == null ? null : old;
        endpoint.strategy().stamp(given, Metadata.time(kernel.instant()));
        OwnerReferences.deduplicate(call, given);
        JsonNode renewal = mutation.managesFields() ? null : LeaseRenewal.managed(call, given, old, owners.now());
        boolean noted = renewal != null || alike != null && alike.isKnown();
        if (!noted && !mutation.managesFields() && facet.isTracked()) {
            owners.note(call, given, current, rest != null);
        }
        if (renewal != null) {
            Metadata.setManagedFields(given, renewal);
        }
        JsonNode managed = given.path("metadata").get("managedFields");
        if (asked != null) {
            JsonNode spec = given.get(SPEC);
            if (spec != null && spec == old.get(SPEC)) {
                // What was taken over as it is was the same at a glance; those who are asked may change what they get.
                given.set(SPEC, spec.deepCopy());
            }
            ObjectNode shown = mutation.shown(given);
            asked.mutate(call, Operation.UPDATE, shown, mutation.shown(old));
            mutation.admitted(shown, given);
            if (rest != null) {
                given.set(SPEC, rest.get(SPEC));
            }
        }
        OwnerReferences.deduplicateAdmitted(call, given);
        checkVersion(call, given, current);
        if (renewal != null && LeaseRenewal.isStill(given, old)) {
            ObjectNode renewed = LeaseRenewal.renewed(given, old, renewal);
            if (asked != null) {
                asked.validate(call, Operation.UPDATE, renewed, old);
            }
            Metadata.of(renewed).remove("resourceVersion");
            VersionedObject written = write(call, key, entry, renewed, old, current);
            if (written != null && !call.options().isDryRun()) {
                LeaseRenewal.prepareNext(current, written);
            }
            return written;
        }
        Metadata.keepGeneration(given, old);
        Metadata.keep(given, old);
        ObjectNode known = alike == null ? null : alike.finished(given, old);
        JsonNode admitted =
                alike != null && known == null ? given.path("status").deepCopy() : given;
        ObjectNode object = known == null ? prepare(endpoint, given, old, rest, facet, managed) : known;
        refuse(endpoint, object, facet.validate(object, old));
        facet.warnings(object, old).forEach(call::warn);
        if (asked != null) {
            asked.validate(call, Operation.UPDATE, mutation.shown(object), mutation.shown(old));
        }
        Metadata.of(object).remove("resourceVersion");
        if (known == null) {
            CompleteForm.forgetEmpty(object, rest, endpoint.storedType());
        }
        if (facet.isLast(object, old)) {
            return remove(call, key, entry, current, object);
        }
        ObjectNode form = endpoint.storedForm(object);
        byte[] bytes = rest == null ? StoredForm.of(form) : StoredForm.of(form, known == null ? rest : shared(known));
        boolean settled = (entry.version() > 1 || !settlesLate(endpoint)) && !endpoint.isOutdated(key);
        if (settled && (Arrays.equals(bytes, entry.value()) || sameContent(bytes, entry.value()))) {
            return current;
        }
        if (settled && FieldOwnership.sameButTimes(object, old)) {
            Metadata.setManagedFields(object, old.path("metadata").get("managedFields"));
            form = endpoint.storedForm(object);
            bytes = StoredForm.of(form);
            if (endpoint.custom() == null || sameContent(bytes, entry.value())) {
                return current;
            }
        }
        if (call.options().isDryRun()) {
            return dry(endpoint, object, old, current);
        }
        try (Allocations.Held held = allocations.hold(endpoint, object, old);
                StoreFeed.OwnWrites writing = feed.writing()) {
            if (held.changed()) {
                form = endpoint.storedForm(object);
                bytes = StoredForm.of(form);
            }
            byte[] written = bytes;
            Store.Swap swap = meter.measure(endpoint, StoreMeter.Operation.update, () -> endpoint.store()
                    .put(key, written, entry.modRevision(), timeToLive(endpoint)));
            if (!swap.succeeded()) {
                return null;
            }
            held.keep();
            if (alike != null && known == null && call.warnings().isEmpty()) {
                alike.finish(admitted, object);
            }
            return stored(endpoint, key, bytes, form, current, swap.revision());
        }
    }

    /** What is to be stored of an admitted change, complete. */
    private ObjectNode prepare(
            Endpoint endpoint,
            ObjectNode given,
            ObjectNode old,
            @Nullable ObjectNode rest,
            Facet facet,
            @Nullable JsonNode managed) {
        ObjectNode prepared = complete(endpoint, given, rest);
        if (rest == null) {
            endpoint.strategy().dropDisabledFields(prepared);
        }
        facet.prepare(prepared, old);
        facet.stamp(prepared, old, Metadata.time(kernel.instant()));
        Metadata.setManagedFields(prepared, managed);
        return complete(endpoint, prepared, rest);
    }

    /** The parts of an object that may be parts of others, as the old parts of a change are. */
    private static ObjectNode shared(ObjectNode object) {
        ObjectNode shared = Trees.shallow(object);
        shared.set("metadata", Trees.shallow((ObjectNode) object.get("metadata")));
        return shared;
    }

    private static ObjectNode complete(Endpoint endpoint, ObjectNode object, @Nullable ObjectNode rest) {
        return rest == null
                ? CompleteForm.ofOwn(object, endpoint.storedType())
                : CompleteForm.ofChanged(object, rest, endpoint.storedType());
    }

    /** Writes a change that nothing is left to be asked about; null if somebody else has changed the object meanwhile. */
    private @Nullable VersionedObject write(
            Call call, String key, Store.Entry entry, ObjectNode object, ObjectNode old, VersionedObject current) {
        Endpoint endpoint = call.endpoint();
        if (call.options().isDryRun()) {
            return dry(endpoint, object, old, current);
        }
        try (StoreFeed.OwnWrites writing = feed.writing()) {
            byte[] bytes = StoredForm.of(object, old);
            Store.Swap swap = meter.measure(endpoint, StoreMeter.Operation.update, () -> endpoint.store()
                    .put(key, bytes, entry.modRevision(), timeToLive(endpoint)));
            return swap.succeeded() ? stored(endpoint, key, bytes, object, current, swap.revision()) : null;
        }
    }

    /** What a change would have come to. */
    private VersionedObject dry(Endpoint endpoint, ObjectNode object, ObjectNode old, VersionedObject current) {
        allocations.dryRun(endpoint, object, old);
        Metadata.of(object).put("resourceVersion", Long.toString(current.revision()));
        return VersionedObject.of(object);
    }

    private @Nullable VersionedObject remove(
            Call call, String key, Store.Entry entry, VersionedObject current, ObjectNode object) {
        if (!call.options().isDryRun() && erase(call.endpoint(), key, entry.modRevision(), current) == 0) {
            return null;
        }
        Metadata.of(object).put("resourceVersion", Long.toString(current.revision()));
        return VersionedObject.of(object);
    }

    /** Deletes a key; the revision of that, 0 if somebody else has changed it meanwhile. */
    long erase(Endpoint endpoint, String key, long revision, VersionedObject current) {
        Store.Swap swap = meter.measure(
                endpoint, StoreMeter.Operation.delete, () -> endpoint.store().delete(key, revision));
        if (!swap.succeeded()) {
            return 0;
        }
        current.release();
        feed.wrote(endpoint.cache(), new Change(swap.revision(), key, null, current, kernel.instant()));
        allocations.release(endpoint, current.tree());
        return swap.revision();
    }

    /**
     * Writes an object whose condition has been checked; null if somebody else has changed it meanwhile.
     *
     * @param object may share nodes with the current one where nothing has changed
     */
    @Nullable VersionedObject replace(Endpoint endpoint, String key, ObjectNode object, VersionedObject current) {
        Metadata.of(object).remove("resourceVersion");
        byte[] value = StoredForm.of(object, current.tree());
        Store.Swap swap = endpoint.store().put(key, value, current.revision(), timeToLive(endpoint));
        return swap.succeeded() ? stored(endpoint, key, value, object, current, swap.revision()) : null;
    }

    private VersionedObject stored(
            Endpoint endpoint,
            String key,
            byte[] value,
            ObjectNode object,
            @Nullable VersionedObject previous,
            long revision) {
        Metadata.of(object).put("resourceVersion", Long.toString(revision));
        VersionedObject now = VersionedObject.stored(key, value, revision, object, previous);
        if (previous != null) {
            previous.release();
        }
        feed.wrote(endpoint.cache(), new Change(revision, key, now, previous, kernel.instant()));
        return now;
    }

    private void checkVersion(Call call, ObjectNode object, VersionedObject current) {
        Endpoint endpoint = call.endpoint();
        String asked = Metadata.text(object, "resourceVersion");
        if (asked.isEmpty() || asked.equals("0")) {
            if (!endpoint.strategy().unconditionalUpdate()) {
                throw StatusException.invalid(
                        endpoint.info().group(),
                        endpoint.info().plural(),
                        call.request().name(),
                        mustBeGiven());
            }
            Metadata.of(object).put("resourceVersion", Long.toString(current.revision()));
            return;
        }
        String present = Long.toString(current.revision());
        if (asked.equals(present)) {
            return;
        }
        if (ListRules.badVersion(asked) != null) {
            throw StatusException.of(
                    500, "", "strconv.ParseUint: parsing %s: invalid syntax".formatted(Json.quote(asked)), null);
        }
        throw StatusException.conflict(
                endpoint.info().group(),
                endpoint.info().plural(),
                call.request().name(),
                MODIFIED);
    }

    /** Whether the reference keeps a new object in a form that its first update changes, even one without a difference. */
    private static boolean settlesLate(Endpoint endpoint) {
        return switch (endpoint.info().apiVersion() + "/" + endpoint.info().kind()) {
            case "batch/v1/Job", "v1/PersistentVolumeClaim", "autoscaling/v1/HorizontalPodAutoscaler" -> true;
            default -> false;
        };
    }

    /** Whether two documents differ in the order of their members only. */
    private static boolean sameContent(byte[] one, byte[] other) {
        return one.length == other.length
                && sum(one) == sum(other)
                && Json.read(one).equals(Json.read(other));
    }

    /** The same for the same bytes in any order. */
    private static long sum(byte[] bytes) {
        long sum = 0;
        for (byte each : bytes) {
            sum += each;
        }
        return sum;
    }

    static void refuse(Endpoint endpoint, ObjectNode object, List<FieldError> errors) {
        if (!errors.isEmpty()) {
            String kind = endpoint.custom() == null
                    ? endpoint.stored().kind()
                    : object.path("kind").asText("");
            throw StatusException.invalid(endpoint.stored().group(), kind, Metadata.text(object, "name"), errors);
        }
    }

    /** From the served version to that of the strategy, with its defaults. */
    static void toStored(Call call, ObjectNode object) {
        Conversion conversion = call.endpoint().conversion();
        if (conversion != null && call.endpoint().custom() == null) {
            conversion.toStorage(object);
        }
        call.endpoint().strategy().setDefaults(object);
    }

    static void matchNamespace(Call call, ObjectNode object) {
        String asked = call.request().namespace();
        String given = Metadata.text(object, "namespace");
        if (!call.endpoint().info().namespaced()) {
            Metadata.of(object).remove("namespace");
            return;
        }
        if (given.isEmpty()) {
            Metadata.of(object).put("namespace", asked);
        } else if (!given.equals(asked)) {
            throw StatusException.badRequest(
                    "the namespace of the provided object does not match the namespace sent on the request");
        }
    }

    static void matchName(Call call, ObjectNode object) {
        String asked = call.request().name();
        String given = Metadata.text(object, "name");
        if (given.isEmpty()) {
            throw StatusException.badRequest(
                    "the name of the object (%s based on URL) was undeterminable: name must be provided"
                            .formatted(asked));
        }
        if (!given.equals(asked)) {
            throw StatusException.badRequest(
                    "the name of the object (%s) does not match the name on the URL (%s)".formatted(given, asked));
        }
    }

    private static List<FieldError> mustBeGiven() {
        return List.of(new FieldError(
                FieldError.Type.INVALID,
                "metadata.resourceVersion",
                "Invalid value: 0: must be specified for an update"));
    }

    private static StatusException exists(Endpoint endpoint, ObjectNode object) {
        String namespace = Metadata.text(object, "namespace");
        boolean going = endpoint.find(namespace, Metadata.text(object, "name"))
                .filter(found -> Metadata.isDeleting(found.tree()))
                .isPresent();
        StatusException exists = StatusException.alreadyExists(
                endpoint.info().group(), endpoint.info().plural(), Metadata.text(object, "name"));
        Status status = exists.status();
        if (going) {
            status.setMessage("object is being deleted: " + status.getMessage());
        }
        if (Metadata.text(object, "generateName").isEmpty()) {
            return new StatusException(status);
        }
        status.setMessage(status.getMessage() + ", the server was not able to generate a unique name for the object");
        status.getDetails().setRetryAfterSeconds(1);
        return new StatusException(status);
    }

    /** A replacement that names a uid is of the object with that uid. */
    static void sameUid(Call call, ObjectNode given, VersionedObject current) {
        String uid = Metadata.text(given, "uid");
        if (!uid.isEmpty() && !uid.equals(current.uid())) {
            throw StatusException.conflict(
                    call.endpoint().info().group(),
                    call.endpoint().info().plural(),
                    call.request().name(),
                    uidMismatch(call, uid, current.uid()));
        }
    }

    /** A dry run stops above the store, and names the key without the store's prefix. */
    static String uidMismatch(Call call, String asked, String found) {
        String key = call.options().isDryRun() ? call.key().substring(Endpoints.ROOT.length() - 1) : call.key();
        return ("StorageError: invalid object, Code: 4, Key: %s, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID"
                        + " in precondition: %s, UID in object meta: %s")
                .formatted(key, asked, found);
    }

    private @Nullable Duration timeToLive(Endpoint endpoint) {
        return endpoint.stored().qualifiedName().equals("events") ? eventTimeToLive : null;
    }
}
