package dev.amphora.apiserver.cel;

import com.google.common.collect.ImmutableCollection;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.cel.common.CelOptions;
import dev.cel.common.types.CelType;
import dev.cel.common.types.CelTypeProvider;
import dev.cel.common.types.SimpleType;
import dev.cel.common.types.StructType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerBuilder;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.extensions.CelExtensions;
import dev.cel.extensions.CelListsExtensions;
import dev.cel.extensions.CelStringExtensions;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeBuilder;
import dev.cel.runtime.CelRuntimeFactory;
import dev.cel.runtime.CelStandardFunctions;
import dev.cel.runtime.CelStandardFunctions.StandardFunction;
import dev.cel.runtime.standard.AddOperator.AddOverload;
import dev.cel.runtime.standard.DoubleFunction.DoubleOverload;
import dev.cel.runtime.standard.StringFunction.StringOverload;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** The language as the API has it: its functions, macros and options, the same in every place. Made when the first expression comes. */
final class Library {
    static final CelOptions OPTIONS = CelOptions.current()
            .enableOptionalSyntax(true)
            .evaluateCanonicalTypesToNativeValues(true)
            .enableUnsignedLongs(true)
            .enableHeterogeneousNumericComparisons(true)
            .comprehensionMaxIterations(1_000_000)
            .build();
    private static final CelStringExtensions STRINGS = CelExtensions.strings(
            CelStringExtensions.Function.CHAR_AT,
            CelStringExtensions.Function.INDEX_OF,
            CelStringExtensions.Function.JOIN,
            CelStringExtensions.Function.LAST_INDEX_OF,
            CelStringExtensions.Function.LOWER_ASCII,
            CelStringExtensions.Function.QUOTE,
            CelStringExtensions.Function.REPLACE,
            CelStringExtensions.Function.SPLIT,
            CelStringExtensions.Function.SUBSTRING,
            CelStringExtensions.Function.TRIM,
            CelStringExtensions.Function.UPPER_ASCII);
    /** Those of them that are run as they come: the others might make texts without end. */
    private static final CelStringExtensions HARMLESS_STRINGS = CelExtensions.strings(
            CelStringExtensions.Function.CHAR_AT,
            CelStringExtensions.Function.LOWER_ASCII,
            CelStringExtensions.Function.QUOTE,
            CelStringExtensions.Function.SPLIT,
            CelStringExtensions.Function.SUBSTRING,
            CelStringExtensions.Function.TRIM,
            CelStringExtensions.Function.UPPER_ASCII);

    private static final CelListsExtensions HARMLESS_LISTS = CelExtensions.lists(
            CelListsExtensions.Function.DISTINCT,
            CelListsExtensions.Function.REVERSE,
            CelListsExtensions.Function.SORT);
    private static final CelListsExtensions LISTS = CelExtensions.lists(
            CelListsExtensions.Function.FLATTEN,
            CelListsExtensions.Function.RANGE,
            CelListsExtensions.Function.DISTINCT,
            CelListsExtensions.Function.REVERSE,
            CelListsExtensions.Function.SORT);
    private static final CelFunctions FUNCTIONS = functions();

    /** Knows every function and no name. */
    static final CelCompiler COMPILER = compiler();

    /** Runs expressions that make no objects. */
    static final CelRuntime RUNTIME = runtime().build();

    private Library() {}

    private static CelFunctions functions() {
        CelFunctions functions = new CelFunctions();
        AccessFunctions.addTo(functions);
        ListFunctions.addTo(functions);
        SortBy.addTo(functions);
        TextFunctions.addTo(functions);
        NetworkFunctions.addTo(functions);
        AmountFunctions.addTo(functions);
        FormatFunctions.addTo(functions);
        ListRelations.addTo(functions);
        functions.replace(
                "string",
                "double_to_string",
                List.of(Double.class),
                arguments -> CelNames.number((Double) arguments[0]));
        functions.replace(
                "string",
                "duration_to_string",
                List.of(Duration.class),
                arguments -> CelNames.duration((Duration) arguments[0]));
        functions.replace(
                "matches",
                "matches",
                List.of(String.class, String.class),
                arguments -> TextFunctions.matches((String) arguments[0], (String) arguments[1]));
        functions.replace(
                "matches",
                "matches_string",
                List.of(String.class, String.class),
                arguments -> TextFunctions.matches((String) arguments[0], (String) arguments[1]));
        functions.replace(
                "replace",
                "string_replace_string_string",
                List.of(String.class, String.class, String.class),
                arguments -> TextFunctions.replaced(
                        (String) arguments[0], (String) arguments[1], (String) arguments[2], -1));
        functions.replace(
                "replace",
                "string_replace_string_string_int",
                List.of(String.class, String.class, String.class, Long.class),
                arguments -> TextFunctions.replaced(
                        (String) arguments[0], (String) arguments[1], (String) arguments[2], (Long) arguments[3]));
        functions.replace(
                "join",
                "list_join",
                List.of(List.class),
                arguments -> TextFunctions.joined((List<?>) arguments[0], ""));
        functions.replace(
                "join",
                "list_join_string",
                List.of(List.class, String.class),
                arguments -> TextFunctions.joined((List<?>) arguments[0], (String) arguments[1]));
        functions.replace(
                "lists.range",
                "lists_range",
                List.of(Long.class),
                arguments -> ListFunctions.range((Long) arguments[0]));
        functions.replace(
                "getMilliseconds", "duration_to_milliseconds", List.of(Duration.class), arguments -> ((Duration)
                                arguments[0])
                        .toMillis());
        functions.replace(
                "getMilliseconds",
                "timestamp_to_milliseconds",
                List.of(Instant.class),
                arguments -> (long) ((Instant) arguments[0]).getNano() / 1_000_000);
        functions.replace(
                "getMilliseconds",
                "timestamp_to_milliseconds_with_tz",
                List.of(Instant.class, String.class),
                arguments -> (long) ((Instant) arguments[0]).getNano() / 1_000_000);
        mend(functions);
        return functions;
    }

    /** Functions that are in the library, and do there what is different in the reference in rare cases. */
    private static void mend(CelFunctions functions) {
        functions.replace(
                "double",
                "string_to_double",
                List.of(String.class),
                arguments -> TextFunctions.number((String) arguments[0]));
        functions.replace("double", "double_to_double", List.of(Double.class), arguments -> arguments[0]);
        functions.replace(
                "string",
                "timestamp_to_string",
                List.of(Instant.class),
                arguments -> CelNames.time((Instant) arguments[0]));
        functions.replace(
                "indexOf",
                "string_index_of_string",
                List.of(String.class, String.class),
                arguments -> TextFunctions.indexOf((String) arguments[0], (String) arguments[1], 0));
        functions.replace(
                "indexOf",
                "string_index_of_string_int",
                List.of(String.class, String.class, Long.class),
                arguments -> TextFunctions.indexOf((String) arguments[0], (String) arguments[1], (Long) arguments[2]));
        functions.replace(
                "lastIndexOf",
                "string_last_index_of_string",
                List.of(String.class, String.class),
                arguments -> TextFunctions.lastIndexOf((String) arguments[0], (String) arguments[1]));
        functions.replace(
                "lastIndexOf",
                "string_last_index_of_string_int",
                List.of(String.class, String.class, Long.class),
                arguments ->
                        TextFunctions.lastIndexOf((String) arguments[0], (String) arguments[1], (Long) arguments[2]));
        functions.replace(
                "flatten",
                "list_flatten",
                List.of(List.class),
                arguments -> ListFunctions.flatten((List<?>) arguments[0], 1));
        functions.replace(
                "flatten",
                "list_flatten_list_int",
                List.of(List.class, Long.class),
                arguments -> ListFunctions.flatten((List<?>) arguments[0], (Long) arguments[1]));
    }

    private static CelCompiler compiler() {
        CelCompilerBuilder compiler = CelCompilerFactory.standardCelCompilerBuilder()
                .setOptions(OPTIONS)
                .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
                .addMacros(SortBy.MACRO)
                .addLibraries(
                        STRINGS,
                        LISTS,
                        CelExtensions.sets(OPTIONS),
                        CelExtensions.optional(2),
                        CelExtensions.comprehensions());
        FUNCTIONS.addTo(compiler);
        return compiler.build();
    }

    private static CelRuntimeBuilder runtime() {
        CelRuntimeBuilder runtime = CelRuntimeFactory.plannerRuntimeBuilder()
                .setOptions(OPTIONS)
                .setStandardFunctions(CelStandardFunctions.newBuilder()
                        .filterFunctions((function, overload) -> overload != StringOverload.DOUBLE_TO_STRING
                                && overload != StringOverload.DURATION_TO_STRING
                                && overload != StringOverload.TIMESTAMP_TO_STRING
                                && overload != DoubleOverload.STRING_TO_DOUBLE
                                && overload != DoubleOverload.DOUBLE_TO_DOUBLE
                                && overload != AddOverload.ADD_LIST
                                && function != StandardFunction.EQUALS
                                && function != StandardFunction.NOT_EQUALS
                                && function != StandardFunction.MATCHES
                                && function != StandardFunction.GET_MILLISECONDS)
                        .build())
                .addLibraries(
                        HARMLESS_STRINGS,
                        HARMLESS_LISTS,
                        CelExtensions.sets(OPTIONS),
                        CelExtensions.optional(2),
                        CelExtensions.comprehensions());
        FUNCTIONS.addTo(runtime);
        return runtime;
    }

    /** Runs expressions that make objects; what they make is a {@link MadeObject}. */
    static final class Making {
        static final CelRuntime RUNTIME = runtime()
                .setTypeProvider(new AnyObject())
                .setValueProvider((type, fields) -> Optional.of(new MadeObject(type, fields)))
                .build();

        private Making() {}
    }

    /** Every object that a mutation might make. */
    private static final class AnyObject implements CelTypeProvider {
        @Override
        public ImmutableCollection<CelType> types() {
            return ImmutableList.of();
        }

        @Override
        public Optional<CelType> findType(String name) {
            return Types.isMade(name)
                    ? Optional.of(StructType.create(name, ImmutableSet.of(), field -> Optional.of(SimpleType.DYN)))
                    : Optional.empty();
        }
    }
}
