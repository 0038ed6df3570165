package dev.amphora.apiserver.cel;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.cel.common.CelFunctionDecl;
import dev.cel.common.CelIssue;
import dev.cel.common.CelOptions;
import dev.cel.common.CelSourceLocation;
import dev.cel.common.CelValidationException;
import dev.cel.common.CelValidationResult;
import dev.cel.common.types.CelType;
import dev.cel.common.types.SimpleType;
import dev.cel.common.types.StructType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerBuilder;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.extensions.CelExtensions;
import dev.cel.parser.CelStandardMacro;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The names that an expression sees in some place of the API. Immutable. */
public final class ExpressionScope {
    private static final String VARIABLES = "variables";
    private static final Pattern IDENTIFIER = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
    private static final Pattern SYNTAX = Pattern.compile(
            "(mismatched input|extraneous input|token recognition error|no viable alternative|missing ).*",
            Pattern.DOTALL);

    /** A line that is longer is not shown with an error in it. */
    private static final int LONGEST_LINE = 16_384;

    private final ImmutableMap<String, CelType> names;
    private final ImmutableMap<String, CelType> variables;
    private final boolean hasVariables;
    private final boolean mutates;

    private ExpressionScope(
            Map<String, CelType> names, Map<String, CelType> variables, boolean hasVariables, boolean mutates) {
        this.names = ImmutableMap.copyOf(names);
        this.variables = ImmutableMap.copyOf(variables);
        this.hasVariables = hasVariables;
        this.mutates = mutates;
    }

    /** The scope of a selector of devices. */
    public static ExpressionScope ofDevices() {
        return new ExpressionScope(Map.of("device", Types.DEVICE), Map.of(), false, false);
    }

    /**
     * The scope of conditions and policies about a request.
     *
     * @param params whether parameters are bound
     * @param authorizer whether the expression may ask who may do what
     */
    public static ExpressionScope ofRequests(boolean params, boolean authorizer) {
        Map<String, CelType> names = new LinkedHashMap<>();
        names.put("object", SimpleType.DYN);
        names.put("oldObject", SimpleType.DYN);
        names.put("request", Types.REQUEST);
        names.put("namespaceObject", Types.NAMESPACE);
        if (params) {
            names.put("params", SimpleType.DYN);
        }
        if (authorizer) {
            names.put("authorizer", Types.AUTHORIZER);
            names.put("authorizer.requestResource", Types.RESOURCE_CHECK);
        }
        return new ExpressionScope(names, Map.of(), false, false);
    }

    /** The same scope for an expression that may not ask who may do what. */
    public ExpressionScope withoutAuthorizer() {
        Map<String, CelType> fewer = new LinkedHashMap<>(names);
        fewer.remove("authorizer");
        fewer.remove("authorizer.requestResource");
        return new ExpressionScope(fewer, variables, hasVariables, mutates);
    }

    /** The same scope with {@code variables}, of which there are none yet. */
    public ExpressionScope withVariables() {
        return new ExpressionScope(names, variables, true, mutates);
    }

    /** The same scope with one more variable of the type that an expression was compiled to. */
    public ExpressionScope with(String variable, Compiled value) {
        Map<String, CelType> more = new LinkedHashMap<>(variables);
        more.put(variable, value.type);
        return new ExpressionScope(names, more, true, mutates);
    }

    /** The same scope with the types of which a mutation is made. */
    public ExpressionScope mutating() {
        return new ExpressionScope(names, variables, hasVariables, true);
    }

    /** What came of an expression. */
    public static final class Compiled {
        private final String problem;
        private final CelType type;

        private Compiled(String problem, CelType type) {
            this.problem = problem;
            this.type = type;
        }

        /** Why it does not compile, as messages have it; empty if it does. */
        public String problem() {
            return problem;
        }

        /** The type of its value as messages name it, such as {@code bool} or {@code list(int)}; {@code dyn} if that is open. */
        public String type() {
            return Types.shown(type);
        }
    }

    /** Compiles an expression. */
    public Compiled compile(String expression) {
        CelCompiler compiler = compiler(expression);
        CelValidationResult parsed = compiler.parse(expression);
        CelValidationResult result = parsed;
        try {
            if (!parsed.hasError()) {
                result = compiler.check(parsed.getAst());
            }
            if (!result.hasError()) {
                return new Compiled("", result.getAst().getResultType());
            }
        } catch (CelValidationException e) {
            return new Compiled("compilation failed: " + shown(expression, e.getErrors()), SimpleType.DYN);
        }
        return new Compiled("compilation failed: " + shown(expression, result.getErrors()), SimpleType.DYN);
    }

    private CelCompiler compiler(String expression) {
        CelCompilerBuilder builder = CelCompilerFactory.standardCelCompilerBuilder()
                .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
                .setOptions(CelOptions.current().build())
                .addFunctionDeclarations(Holder.FUNCTIONS)
                .addLibraries(CelExtensions.optional(), CelExtensions.comprehensions());
        if (names.containsKey("device")) {
            builder.addLibraries(CelExtensions.bindings());
        }
        names.forEach(builder::addVar);
        List<StructType> types = new ArrayList<>(Types.ALL);
        if (hasVariables) {
            StructType all = Types.struct("kubernetes." + VARIABLES, variables);
            types.add(all);
            builder.addVar(VARIABLES, all);
        }
        return builder.setTypeProvider(Types.provider(types, mutates ? identifiers(expression) : ImmutableSet.of()))
                .build();
    }

    /** Objects to apply may have any fields: those that the expression names. */
    private static ImmutableSet<String> identifiers(String expression) {
        ImmutableSet.Builder<String> found = ImmutableSet.<String>builder().add("metadata");
        Matcher matcher = IDENTIFIER.matcher(expression);
        while (matcher.find()) {
            found.add(matcher.group());
        }
        return found.build();
    }

    private static final class Holder {
        static final ImmutableList<CelFunctionDecl> FUNCTIONS = Functions.all();
    }

    private static String shown(String expression, List<CelIssue> issues) {
        return issues.stream().map(issue -> shown(expression, issue)).collect(Collectors.joining("\n"));
    }

    private static String shown(String expression, CelIssue issue) {
        CelSourceLocation place = issue.getSourceLocation();
        String message = issue.getMessage().replaceFirst(" \\(candidates: .*", "");
        String text = "ERROR: <input>:%d:%d: %s%s"
                .formatted(
                        place.getLine(),
                        place.getColumn() + 1,
                        SYNTAX.matcher(message).matches() ? "Syntax error: " : "",
                        message);
        if (expression.isEmpty()) {
            return text.replace("<input>:1:1:", "<input>:1:0:");
        }
        String[] lines = expression.split("\n", -1);
        String line = place.getLine() >= 1 && place.getLine() <= lines.length ? lines[place.getLine() - 1] : "";
        if (line.length() > LONGEST_LINE) {
            return text;
        }
        return text + "\n | " + line + "\n | " + ".".repeat(Math.max(0, place.getColumn())) + "^";
    }
}
