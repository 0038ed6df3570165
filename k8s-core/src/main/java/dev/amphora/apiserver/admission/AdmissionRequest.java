package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.User;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A write as admission plugins see it.
 *
 * @param operation what is done
 * @param group the API group of the resource
 * @param version the version that was asked for
 * @param kind the kind
 * @param resource the plural
 * @param subresource empty for the object itself
 * @param namespace empty for cluster-scoped resources
 * @param name what the name will begin with if the server is yet to make it up
 * @param object the new state, null for deletes; plugins that mutate change it in place
 * @param old the stored state, null for creates; read-only
 * @param user who asks
 * @param dryRun whether nothing will be stored
 * @param warnings takes texts for the caller
 * @param origin how the write came about
 */
public record AdmissionRequest(
        Operation operation,
        String group,
        String version,
        String kind,
        String resource,
        String subresource,
        String namespace,
        String name,
        @Nullable ObjectNode object,
        @Nullable ObjectNode old,
        User user,
        boolean dryRun,
        Consumer<String> warnings,
        Origin origin) {

    /** A write as tests of plugins make it up: of a resource that is asked for in the version in which the server works. */
    public AdmissionRequest(
            Operation operation,
            String group,
            String version,
            String kind,
            String resource,
            String subresource,
            String namespace,
            String name,
            @Nullable ObjectNode object,
            @Nullable ObjectNode old,
            User user,
            boolean dryRun,
            Consumer<String> warnings) {
        this(
                operation,
                group,
                version,
                kind,
                resource,
                subresource,
                namespace,
                name,
                object,
                old,
                user,
                dryRun,
                warnings,
                Origin.plain(group, version, kind, resource, !namespace.isEmpty()));
    }

    /** What a write does. */
    public enum Operation {
        /** A new object, or a post to a subresource. */
        CREATE,
        /** A change. */
        UPDATE,
        /** A deletion. */
        DELETE,
        /** A connection to what runs, such as {@code pods/exec}; its options are the object, and of a kind of their own. */
        CONNECT
    }

    /** 403 for the caller: the object is forbidden, and why. */
    public StatusException refusal(String why) {
        return StatusException.forbidden(group, resource, name, why);
    }

    /** Whether it is about a resource itself, not about one of its subresources. */
    public boolean isFor(String wantedGroup, String wantedResource) {
        return subresource.isEmpty() && group.equals(wantedGroup) && resource.equals(wantedResource);
    }
}
