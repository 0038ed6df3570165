package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.api.Trees;
import dev.amphora.apiserver.customresource.Definition;
import dev.amphora.kernel.Kernel;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Delete: at once, gracefully, or when the last finalizer has gone. */
final class Deletes {
    private static final int MAX_ATTEMPTS = 100;

    private final Kernel kernel;
    private final Writes writes;
    private final Reads reads;
    private final Admission admission;

    Deletes(Kernel kernel, Writes writes, Reads reads, Admission admission) {
        this.kernel = kernel;
        this.writes = writes;
        this.reads = reads;
        this.admission = admission;
    }

    /** How to delete; negative and null members mean that the caller didn't say. */
    record Options(
            @Nullable Long grace,
            @Nullable String propagation,
            @Nullable Boolean orphan,
            @Nullable String uid,
            @Nullable String resourceVersion,
            List<String> dryRun) {

        /** Options whose members cannot change. */
        Options {
            dryRun = ImmutableList.copyOf(dryRun);
        }

        static Options of(Call call) {
            RequestOptions query = call.options();
            Body body = call.request().body();
            if (body == null || body.isEmpty()) {
                return new Options(
                        query.gracePeriodSeconds(),
                        query.propagationPolicy(),
                        query.orphanDependents(),
                        null,
                        null,
                        query.dryRun());
            }
            ObjectNode tree = Bodies.options(call, body, "DeleteOptions");
            JsonNode preconditions = tree.path("preconditions");
            return new Options(
                    tree.hasNonNull("gracePeriodSeconds")
                            ? tree.path("gracePeriodSeconds").asLong()
                            : null,
                    policy(tree),
                    tree.hasNonNull("orphanDependents")
                            ? tree.path("orphanDependents").asBoolean()
                            : null,
                    preconditions.hasNonNull("uid") ? preconditions.path("uid").asText() : null,
                    preconditions.hasNonNull("resourceVersion")
                            ? preconditions.path("resourceVersion").asText()
                            : null,
                    texts(tree.path("dryRun")));
        }

        /** The policy that a body names, even if the name is empty. */
        static @Nullable String policy(JsonNode options) {
            return options.hasNonNull("propagationPolicy")
                    ? options.path("propagationPolicy").asText()
                    : null;
        }

        static List<String> texts(JsonNode list) {
            List<String> texts = new ArrayList<>();
            list.forEach(each -> texts.add(each.asText()));
            return texts;
        }

        boolean isDryRun() {
            return !dryRun.isEmpty();
        }

        /** The options as a {@code DeleteOptions}. */
        ObjectNode tree() {
            ObjectNode tree = Json.object().put("kind", "DeleteOptions").put("apiVersion", "meta.k8s.io/v1");
            if (grace != null) {
                tree.put("gracePeriodSeconds", grace);
            }
            if (uid != null || resourceVersion != null) {
                ObjectNode preconditions = tree.putObject("preconditions");
                if (uid != null) {
                    preconditions.put("uid", uid);
                }
                if (resourceVersion != null) {
                    preconditions.put("resourceVersion", resourceVersion);
                }
            }
            if (orphan != null) {
                tree.put("orphanDependents", orphan);
            }
            if (propagation != null) {
                tree.put("propagationPolicy", propagation);
            }
            if (!dryRun.isEmpty()) {
                dryRun.forEach(tree.putArray("dryRun")::add);
            }
            return tree;
        }

        void check() {
            List<FieldError> errors = new ArrayList<>();
            if (orphan != null && propagation != null) {
                errors.add(new FieldError(
                        FieldError.Type.INVALID,
                        "propagationPolicy",
                        "Invalid value: %s: orphanDependents and deletionPropagation cannot be both set"
                                .formatted(Json.quote(propagation))));
            }
            if (propagation != null
                    && !List.of("Foreground", "Background", "Orphan").contains(propagation)) {
                errors.add(new FieldError(
                        FieldError.Type.NOT_SUPPORTED,
                        "propagationPolicy",
                        "Unsupported value: %s: supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\""
                                .formatted(Json.quote(propagation))));
            }
            OptionRules.dryRun(dryRun, errors);
            if (!errors.isEmpty()) {
                throw StatusException.invalid("meta.k8s.io", "DeleteOptions", "", errors);
            }
        }
    }

    ApiResult delete(Call call) {
        Options options = Options.of(call);
        options.check();
        Endpoint endpoint = call.endpoint();
        Outcome outcome =
                delete(call, options, call.request().namespace(), call.request().name(), false);
        if (!outcome.gone || endpoint.strategy().deleteReturnsObject()) {
            return ApiResult.ok(endpoint.view(outcome.object), call.warnings());
        }
        return ApiResult.ok(VersionedObject.of(success(endpoint, outcome.object)), call.warnings());
    }

    /** Deletes the pod that a call names; nobody is asked about that, for the eviction has been. */
    void evict(Call call, Options options) {
        options.check();
        delete(call, options, call.request().namespace(), call.request().name(), true);
    }

    ApiResult deleteCollection(Call call) {
        Options options = Options.of(call);
        options.check();
        ApiResult listed = reads.list(call);
        Listing list = listed.list();
        if (list == null) {
            throw new IllegalStateException("a list lists");
        }
        List<VersionedObject> items = new ArrayList<>();
        for (VersionedObject item : list.items()) {
            try {
                delete(call, options, item.namespace(), item.name(), false);
                items.add(item);
            } catch (StatusException e) {
                if (!e.isNotFound()) {
                    throw e;
                }
            }
        }
        return ApiResult.ok(
                new Listing(
                        list.apiVersion(), list.kind(), items, list.revision(), list.continueToken(), list.remaining()),
                call.warnings());
    }

    /** What became of an object. */
    private record Outcome(VersionedObject object, boolean gone) {}

    private Outcome delete(Call call, Options options, String namespace, String name, boolean alreadyAdmitted) {
        Endpoint endpoint = call.endpoint();
        String key = endpoint.key(namespace, name);
        boolean admitted = alreadyAdmitted;
        for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
            Optional<VersionedObject> found = endpoint.find(namespace, name);
            VersionedObject current = found.orElseThrow(() -> endpoint.notFound(name));
            if (!admitted) {
                admission.delete(call, options, endpoint.working(current).tree());
                admitted = true;
            }
            warnOfOrphans(call, options);
            checkPreconditions(endpoint, options, current);
            Outcome outcome = attempt(call, options, key, current);
            if (outcome != null) {
                return outcome;
            }
        }
        throw StatusException.internalError("the object is changed faster than it can be deleted");
    }

    /** One try; null if somebody else has changed the object meanwhile. */
    private @Nullable Outcome attempt(Call call, Options options, String key, VersionedObject current) {
        Endpoint endpoint = call.endpoint();
        ObjectNode next = toMark(endpoint, current.tree());
        if (endpoint.strategy().holdDeleted(next, Metadata.time(kernel.instant()))) {
            if (options.isDryRun() || call.options().isDryRun()) {
                return new Outcome(VersionedObject.of(next), false);
            }
            VersionedObject written = writes.replace(endpoint, key, next, current);
            return written == null ? null : new Outcome(written, false);
        }
        List<String> before = Metadata.finalizers(next);
        List<String> finalizers = finalizers(call, options, before);
        Metadata.setFinalizers(next, finalizers);
        boolean isNamespace = endpoint.info().qualifiedName().equals("namespaces");
        boolean held = !finalizers.isEmpty()
                || (isNamespace && !next.path("spec").path("finalizers").isEmpty());
        boolean marked = mark(endpoint, options, next, held);
        if (isNamespace && marked) {
            Metadata.of(next).remove("deletionGracePeriodSeconds");
            next.withObject("/status").put("phase", "Terminating");
        }
        boolean changed = marked || !finalizers.equals(before);
        boolean waits =
                held || next.path("metadata").path("deletionGracePeriodSeconds").asLong() > 0;
        if (options.isDryRun()) {
            return new Outcome(changed ? VersionedObject.of(next) : current, !waits);
        }
        if (!waits && !(marked && endpoint.strategy().deletesGracefully())) {
            return gone(endpoint, key, current);
        }
        VersionedObject written = changed ? writes.replace(endpoint, key, next, current) : current;
        if (written == null || waits) {
            return written == null ? null : new Outcome(written, false);
        }
        return gone(endpoint, key, written);
    }

    /** A copy in which a deletion may be noted. Where that is in the metadata alone, it shares the rest. */
    private static ObjectNode toMark(Endpoint endpoint, ObjectNode object) {
        if (!endpoint.strategy().deletesGracefully()) {
            return object.deepCopy();
        }
        ObjectNode copy = Trees.shallow(object);
        copy.set("metadata", Trees.shallow((ObjectNode) object.get("metadata")));
        return copy;
    }

    private @Nullable Outcome gone(Endpoint endpoint, String key, VersionedObject current) {
        long revision = writes.erase(endpoint, key, current.revision(), current);
        return revision == 0 ? null : new Outcome(current.at(revision), true);
    }

    /** Notes in the object that it is being deleted, if it is to stay a while; whether that changed it. */
    private boolean mark(Endpoint endpoint, Options options, ObjectNode next, boolean held) {
        long asked = options.grace == null ? -1 : options.grace < 0 ? 1 : options.grace;
        if (!Metadata.isDeleting(next)) {
            long grace = endpoint.strategy().gracePeriodSeconds(next, asked);
            if (grace == 0 && !held && !endpoint.strategy().deletesGracefully()) {
                return false;
            }
            Metadata.markDeleting(next, kernel.instant().plusSeconds(grace), grace);
            return true;
        }
        long pending = next.path("metadata").path("deletionGracePeriodSeconds").asLong(0);
        if (asked < 0 || asked >= pending) {
            return false;
        }
        shorten(next, pending, asked);
        return true;
    }

    private static void shorten(ObjectNode object, long pending, long asked) {
        Instant end = Instant.parse(Metadata.text(object, "deletionTimestamp"));
        Metadata.of(object).put("deletionTimestamp", Metadata.time(end.minusSeconds(pending - asked)));
        Metadata.of(object).put("deletionGracePeriodSeconds", asked);
    }

    /** The finalizers with which the garbage collector is told what to do with dependents. */
    private static List<String> finalizers(Call call, Options options, List<String> present) {
        boolean orphan;
        boolean foreground;
        if (options.orphan != null) {
            orphan = options.orphan;
            foreground = false;
        } else if (options.propagation != null) {
            orphan = options.propagation.equals("Orphan");
            foreground = options.propagation.equals("Foreground");
        } else if (present.contains(Metadata.ORPHAN) || present.contains(Metadata.FOREGROUND)) {
            orphan = present.contains(Metadata.ORPHAN);
            foreground = !orphan;
        } else {
            orphan = call.endpoint().strategy().defaultPropagation().equals("Orphan");
            foreground = false;
        }
        List<String> finalizers = new ArrayList<>(present);
        finalizers.removeIf(each -> each.equals(Metadata.ORPHAN) || each.equals(Metadata.FOREGROUND));
        if (orphan) {
            finalizers.add(Metadata.ORPHAN);
        }
        if (foreground) {
            finalizers.add(Metadata.FOREGROUND);
        }
        return finalizers;
    }

    /** Whoever says nothing of the pods of a job may not expect them to stay. */
    private static void warnOfOrphans(Call call, Options options) {
        if (options.orphan == null
                && options.propagation == null
                && call.endpoint().info().kind().equals("Job")
                && call.endpoint().strategy().defaultPropagation().equals("Orphan")) {
            call.warn("child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to"
                    + " remove them or set propagationPolicy=Orphan to suppress this warning");
        }
    }

    private static void checkPreconditions(Endpoint endpoint, Options options, VersionedObject current) {
        boolean ownDeletion = endpoint.info().qualifiedName().equals("namespaces")
                || endpoint.info().qualifiedName().equals(Definition.PLURAL + "." + Definition.GROUP);
        if (options.uid != null && !options.uid.equals(current.uid()) && ownDeletion) {
            throw StatusException.conflict(
                    endpoint.info().group(),
                    endpoint.info().plural(),
                    current.name(),
                    "Precondition failed: UID in precondition: %s, UID in object meta: %s"
                            .formatted(options.uid, current.uid()));
        }
        if (options.uid != null && !options.uid.equals(current.uid())) {
            throw StatusException.conflict(
                    endpoint.info().group(),
                    endpoint.info().kind(),
                    current.name(),
                    ("the UID in the precondition (%s) does not match the UID in record (%s). The object might have been deleted"
                                    + " and then recreated")
                            .formatted(options.uid, current.uid()));
        }
        String revision = Long.toString(current.revision());
        if (options.resourceVersion != null && !options.resourceVersion.equals(revision)) {
            throw StatusException.conflict(
                    endpoint.info().group(),
                    endpoint.info().kind(),
                    current.name(),
                    ("the ResourceVersion in the precondition (%s) does not match the ResourceVersion in record (%s). The object"
                                    + " might have been modified")
                            .formatted(options.resourceVersion, revision));
        }
    }

    private static ObjectNode success(Endpoint endpoint, VersionedObject object) {
        ObjectNode status = Json.object();
        status.put("kind", "Status").put("apiVersion", "v1");
        status.putObject("metadata");
        status.put("status", "Success");
        ObjectNode details = status.putObject("details");
        details.put("name", object.name());
        if (!endpoint.info().group().isEmpty()) {
            details.put("group", endpoint.info().group());
        }
        details.put("kind", endpoint.info().plural());
        details.put("uid", object.uid());
        return status;
    }
}
