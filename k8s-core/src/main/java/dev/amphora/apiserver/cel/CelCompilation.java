package dev.amphora.apiserver.cel;

import com.google.common.base.Suppliers;
import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelOptions;
import dev.cel.common.CelSource;
import dev.cel.common.CelValidationException;
import dev.cel.common.ast.CelConstant;
import dev.cel.common.ast.CelExpr;
import dev.cel.common.navigation.CelNavigableAst;
import dev.cel.common.types.CelType;
import dev.cel.common.types.OptionalType;
import dev.cel.common.types.SimpleType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerBuilder;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.extensions.CelExtensions;
import dev.cel.extensions.CelListsExtensions;
import dev.cel.extensions.CelStringExtensions;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeBuilder;
import dev.cel.runtime.CelRuntimeFactory;
import dev.cel.runtime.CelStandardFunctions;
import dev.cel.runtime.standard.StringFunction.StringOverload;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Compiles expressions over variables whose types follow from a schema. Safe for concurrent use. */
public final class CelCompilation {
    private static final CelOptions OPTIONS = CelOptions.current()
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
            CelStringExtensions.Function.REPLACE,
            CelStringExtensions.Function.SPLIT,
            CelStringExtensions.Function.SUBSTRING,
            CelStringExtensions.Function.TRIM,
            CelStringExtensions.Function.UPPER_ASCII);
    private static final CelListsExtensions LISTS = CelExtensions.lists(2);
    private static final CelFunctions FUNCTIONS = functions();

    private final CelCompiler compiler;
    private final CelRuntime runtime;
    private final Map<String, SchemaType> sized;

    private CelCompilation(CelCompiler compiler, CelRuntime runtime, Map<String, SchemaType> sized) {
        this.compiler = compiler;
        this.runtime = runtime;
        this.sized = sized;
    }

    private static CelFunctions functions() {
        CelFunctions functions = new CelFunctions();
        ListFunctions.addTo(functions);
        TextFunctions.addTo(functions);
        NetworkFunctions.addTo(functions);
        AmountFunctions.addTo(functions);
        FormatFunctions.addTo(functions);
        functions.replace(
                "string",
                "double_to_string",
                List.of(Double.class),
                arguments -> CelNames.number((Double) arguments[0]));
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
        return functions;
    }

    /**
     * A compiled expression, or why there is none.
     *
     * @param ast null if it could not be compiled
     * @param error empty if it could
     * @param cost the most that it costs
     * @param program runs it
     */
    public record Compiled(
            @Nullable CelAbstractSyntaxTree ast, String error, long cost, Supplier<CelRuntime.Program> program) {

        /** Whether it yields true or false. */
        public boolean isBoolean() {
            return ast != null && ast.getResultType().equals(SimpleType.BOOL);
        }

        /** Whether it yields a text. */
        public boolean isText() {
            return ast != null && ast.getResultType().equals(SimpleType.STRING);
        }

        /** Whether it reads a variable. */
        public boolean uses(String variable) {
            return ast != null
                    && CelNavigableAst.fromAst(ast)
                            .getRoot()
                            .allNodes()
                            .anyMatch(node -> node.getKind() == CelExpr.ExprKind.Kind.IDENT
                                    && node.expr().ident().name().equals(variable));
        }

        /**
         * Runs it.
         *
         * @throws CelFailure if it has no value
         */
        public Object evaluate(Map<String, ?> variables) {
            try {
                return program.get().eval(variables);
            } catch (CelEvaluationException e) {
                throw new CelFailure(CelErrors.text(e, ast));
            }
        }
    }

    /** Why an expression has no value, in the reference's words. */
    public static final class CelFailure extends RuntimeException {
        private static final long serialVersionUID = 1L;

        CelFailure(String message) {
            super(message, null, false, false);
        }

        /** The reason. */
        public String reason() {
            return String.valueOf(getMessage());
        }
    }

    /**
     * Prepares to compile the rules of one place of a schema.
     *
     * @param self the type of {@code self} and {@code oldSelf}
     * @param optionalOld whether {@code oldSelf} may be absent
     */
    public static CelCompilation of(SchemaType self, boolean optionalOld) {
        CelType old = optionalOld ? OptionalType.create(self.type()) : self.type();
        CelCompilerBuilder compiler = CelCompilerFactory.standardCelCompilerBuilder()
                .setOptions(OPTIONS)
                .setTypeProvider(self.provider())
                .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
                .addVar("self", self.type())
                .addVar("oldSelf", old)
                .addLibraries(
                        STRINGS,
                        LISTS,
                        CelExtensions.sets(OPTIONS),
                        CelExtensions.optional(2),
                        CelExtensions.comprehensions());
        FUNCTIONS.addTo(compiler);
        Map<String, SchemaType> sized = new HashMap<>();
        sized.put("self", self);
        sized.put("oldSelf", self);
        CelRuntimeBuilder runtime = CelRuntimeFactory.plannerRuntimeBuilder()
                .setOptions(OPTIONS)
                .setTypeProvider(self.provider())
                .setStandardFunctions(CelStandardFunctions.newBuilder()
                        .filterFunctions((function, overload) -> overload != StringOverload.DOUBLE_TO_STRING
                                && function != CelStandardFunctions.StandardFunction.GET_MILLISECONDS)
                        .build())
                .addLibraries(
                        STRINGS,
                        LISTS,
                        CelExtensions.sets(OPTIONS),
                        CelExtensions.optional(2),
                        CelExtensions.comprehensions());
        FUNCTIONS.addTo(runtime);
        return new CelCompilation(compiler.build(), runtime.build(), sized);
    }

    /** Compiles an expression. */
    public Compiled compile(String expression) {
        CelAbstractSyntaxTree ast;
        try {
            ast = compiler.compile(expression).getAst();
        } catch (CelValidationException e) {
            return failed(CelErrors.text(e));
        }
        List<String> wrong = new ArrayList<>();
        CelNavigableAst.fromAst(ast)
                .getRoot()
                .allNodes()
                .forEach(node -> constants(node.expr(), ast.getSource(), wrong));
        if (!wrong.isEmpty()) {
            return failed(String.join("\n", wrong));
        }
        return new Compiled(ast, "", CostEstimate.of(ast, sized), Suppliers.memoize(() -> program(ast)));
    }

    private static Compiled failed(String error) {
        return new Compiled(null, error, 0, () -> {
            throw new IllegalStateException(error);
        });
    }

    private CelRuntime.Program program(CelAbstractSyntaxTree ast) {
        try {
            return runtime.createProgram(ast);
        } catch (CelEvaluationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Constants that can never have a value are refused at once. */
    private static void constants(CelExpr expr, CelSource source, List<String> wrong) {
        if (expr.getKind() != CelExpr.ExprKind.Kind.CALL) {
            return;
        }
        CelExpr.CelCall call = expr.call();
        List<CelExpr> arguments = call.args();
        boolean method = call.target().isPresent();
        if (arguments.isEmpty()) {
            return;
        }
        CelExpr last = arguments.get(arguments.size() - 1);
        Optional<String> text = last.getKind() == CelExpr.ExprKind.Kind.CONSTANT
                        && last.constant().getKind() == CelConstant.Kind.STRING_VALUE
                ? Optional.of(last.constant().stringValue())
                : Optional.empty();
        boolean good = text.isEmpty()
                || switch (call.function()) {
                    case "matches" -> isPattern(text.get());
                    case "duration" -> method || isDuration(text.get());
                    case "timestamp" -> method || isTime(text.get());
                    default -> true;
                };
        if (!good) {
            wrong.add(CelErrors.at(source, last.id(), "invalid " + call.function() + " argument"));
        }
    }

    private static boolean isPattern(String text) {
        try {
            Pattern.compile(text);
            return true;
        } catch (PatternSyntaxException e) {
            return false;
        }
    }

    private static boolean isDuration(String text) {
        try {
            GoDuration.parse(text);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static boolean isTime(String text) {
        try {
            OffsetDateTime.parse(text);
            return true;
        } catch (java.time.DateTimeException e) {
            return false;
        }
    }
}
