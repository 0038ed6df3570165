package dev.amphora.apiserver.cel;

import com.google.common.collect.ImmutableList;
import dev.cel.common.CelFunctionDecl;
import dev.cel.common.CelOverloadDecl;
import dev.cel.common.types.CelType;
import dev.cel.compiler.CelCompilerBuilder;
import dev.cel.runtime.CelFunctionBinding;
import dev.cel.runtime.CelFunctionOverload;
import dev.cel.runtime.CelRuntimeBuilder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Functions that are added to the language: how they are declared and what they do. */
final class CelFunctions {
    private final Map<String, List<CelOverloadDecl>> declared = new LinkedHashMap<>();
    private final Map<String, List<CelFunctionBinding>> bound = new LinkedHashMap<>();

    /** A function of one value, as that of a list of arguments. */
    @FunctionalInterface
    interface Body {
        Object apply(Object[] arguments);
    }

    /** Adds a function called as {@code target.name(arguments)}. */
    CelFunctions member(
            String name, String id, CelType result, List<CelType> types, List<Class<?>> classes, Body body) {
        CelType[] arguments = types.subList(1, types.size()).toArray(new CelType[0]);
        List<CelType> all = new ArrayList<>();
        all.add(types.get(0));
        all.addAll(List.of(arguments));
        return add(name, CelOverloadDecl.newMemberOverload(id, result, all), id, classes, body);
    }

    /** Adds a function called as {@code name(arguments)}. */
    CelFunctions global(
            String name, String id, CelType result, List<CelType> types, List<Class<?>> classes, Body body) {
        return add(name, CelOverloadDecl.newGlobalOverload(id, result, types), id, classes, body);
    }

    @SuppressWarnings("Immutable") // What functions close over never changes.
    private CelFunctions add(String name, CelOverloadDecl overload, String id, List<Class<?>> classes, Body body) {
        CelFunctionOverload definition = body::apply;
        declared.computeIfAbsent(name, key -> new ArrayList<>()).add(overload);
        bound.computeIfAbsent(name, key -> new ArrayList<>())
                .add(CelFunctionBinding.from(id, ImmutableList.copyOf(classes), definition));
        return this;
    }

    /** Does what the language declares in another way. */
    @SuppressWarnings("Immutable") // What functions close over never changes.
    CelFunctions replace(String name, String id, List<Class<?>> classes, Body body) {
        CelFunctionOverload definition = body::apply;
        bound.computeIfAbsent(name, key -> new ArrayList<>())
                .add(CelFunctionBinding.from(id, ImmutableList.copyOf(classes), definition));
        return this;
    }

    void addTo(CelCompilerBuilder compiler) {
        declared.forEach((name, overloads) ->
                compiler.addFunctionDeclarations(CelFunctionDecl.newFunctionDeclaration(name, overloads)));
    }

    void addTo(CelRuntimeBuilder runtime) {
        bound.forEach(
                (name, bindings) -> runtime.addFunctionBindings(CelFunctionBinding.fromOverloads(name, bindings)));
    }
}
