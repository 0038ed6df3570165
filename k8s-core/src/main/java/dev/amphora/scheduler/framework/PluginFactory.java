package dev.amphora.scheduler.framework;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import java.util.function.BiFunction;

/** Creates a plugin for one profile. */
@FunctionalInterface
public interface PluginFactory {
    /**
     * Creates the plugin.
     *
     * @param args its arguments as configured, an empty object if there are none
     * @param handle the scheduler that it becomes part of
     * @throws IllegalArgumentException if the arguments are wrong
     */
    Plugin create(JsonNode args, Handle handle);

    /**
     * A factory with typed arguments.
     *
     * @param <A> the class of the arguments, such as a record
     * @param type the class
     * @param constructor makes the plugin
     */
    static <A> PluginFactory withArgs(Class<A> type, BiFunction<A, Handle, Plugin> constructor) {
        return (args, handle) -> constructor.apply(Json.fromTree(args, type), handle);
    }
}
