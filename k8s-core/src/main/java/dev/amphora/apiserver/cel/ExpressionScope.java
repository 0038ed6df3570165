package dev.amphora.apiserver.cel;

import com.google.common.base.Suppliers;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelValidationException;
import dev.cel.common.CelValidationResult;
import dev.cel.common.ast.CelExpr;
import dev.cel.common.types.CelType;
import dev.cel.common.types.CelTypeProvider;
import dev.cel.common.types.OptionalType;
import dev.cel.common.types.SimpleType;
import dev.cel.common.types.StructType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerBuilder;
import dev.cel.extensions.CelExtensions;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The names that an expression sees in some place of the API. Immutable. */
public final class ExpressionScope {
    private static final String VARIABLES = "variables";
    private static final Pattern IDENTIFIER = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
    private static final String NOT_COMPILED = "compilation failed: ";

    private final ImmutableMap<String, CelType> names;
    private final ImmutableMap<String, CelType> variables;
    private final boolean hasVariables;
    private final boolean mutates;
    private final @Nullable SchemaType self;
    private final ImmutableMap<String, SchemaType> sized;
    private final Supplier<CelCompiler> compiler = Suppliers.memoize(() -> compilerOf(ImmutableSet.of()));

    private ExpressionScope(
            Map<String, CelType> names,
            Map<String, CelType> variables,
            boolean hasVariables,
            boolean mutates,
            @Nullable SchemaType self) {
        this.names = ImmutableMap.copyOf(names);
        this.variables = ImmutableMap.copyOf(variables);
        this.hasVariables = hasVariables;
        this.mutates = mutates;
        this.self = self;
        sized = self == null || !names.containsKey("self")
                ? ImmutableMap.of()
                : ImmutableMap.of("self", self, "oldSelf", self);
    }

    /**
     * The scope of the rules at one place of a schema.
     *
     * @param self the type of {@code self} and {@code oldSelf}
     * @param optionalOld whether {@code oldSelf} may be absent
     */
    public static ExpressionScope ofValues(SchemaType self, boolean optionalOld) {
        return self.scope(optionalOld);
    }

    static ExpressionScope make(SchemaType self, boolean optionalOld) {
        Map<String, CelType> names = new LinkedHashMap<>();
        names.put("self", self.type());
        names.put("oldSelf", optionalOld ? OptionalType.create(self.type()) : self.type());
        return new ExpressionScope(names, Map.of(), false, false, self);
    }

    /** The scope of a selector of devices. */
    public static ExpressionScope ofDevices() {
        return new ExpressionScope(Map.of("device", Types.DEVICE), Map.of(), false, false, null);
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
        return new ExpressionScope(names, Map.of(), false, false, null);
    }

    /**
     * The scope of policies about requests for objects of a kind: what such an object can't have may not be looked for.
     *
     * @param params whether parameters are bound
     * @param object the type of the objects
     */
    public static ExpressionScope ofRequests(boolean params, SchemaType object) {
        Map<String, CelType> names = new LinkedHashMap<>(ofRequests(params, true).names);
        names.put("object", object.type());
        names.put("oldObject", object.type());
        return new ExpressionScope(names, Map.of(), true, false, object);
    }

    /** The same scope for an expression that may not ask who may do what. */
    public ExpressionScope withoutAuthorizer() {
        Map<String, CelType> fewer = new LinkedHashMap<>(names);
        fewer.remove("authorizer");
        fewer.remove("authorizer.requestResource");
        return new ExpressionScope(fewer, variables, hasVariables, mutates, self);
    }

    /** The same scope with {@code variables}, of which there are none yet. */
    public ExpressionScope withVariables() {
        return new ExpressionScope(names, variables, true, mutates, self);
    }

    /** The same scope with one more variable of the type that an expression was compiled to. */
    public ExpressionScope with(String variable, Expression value) {
        Map<String, CelType> more = new LinkedHashMap<>(variables);
        more.put(variable, value.resultType());
        return new ExpressionScope(names, more, true, mutates, self);
    }

    /** The same scope with the types of which a mutation is made. */
    public ExpressionScope mutating() {
        return new ExpressionScope(names, variables, hasVariables, true, self);
    }

    /** Compiles an expression. */
    public Expression compile(String text) {
        CelCompiler compiler = mutates ? compilerOf(identifiers(text)) : this.compiler.get();
        CelValidationResult result = compiler.parse(text);
        CelAbstractSyntaxTree ast;
        try {
            ast = compiler.check(result.getAst()).getAst();
        } catch (CelValidationException e) {
            return Expression.failed(text, NOT_COMPILED + CelErrors.text(e));
        }
        List<String> wrong = ConstantChecks.check(ast);
        if (!wrong.isEmpty()) {
            return Expression.failed(text, NOT_COMPILED + String.join("\n", wrong));
        }
        CelRuntime runtime = mutates ? Library.Making.RUNTIME : Library.RUNTIME;
        String conversion = conversion(ast, runtime);
        if (!conversion.isEmpty()) {
            return Expression.failed(text, Expression.NOT_INSTANTIATED + conversion);
        }
        return Expression.of(text, ast, sized.isEmpty() ? 0 : CostEstimate.of(ast, sized), () -> program(ast, runtime));
    }

    private static CelRuntime.Program program(CelAbstractSyntaxTree ast, CelRuntime runtime) {
        try {
            return runtime.createProgram(ast);
        } catch (CelEvaluationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Why a conversion of a constant fails, or a constant is no pattern; empty if all is well. */
    private static String conversion(CelAbstractSyntaxTree ast, CelRuntime runtime) {
        for (String pattern : ConstantChecks.patterns(ast)) {
            try {
                TextFunctions.pattern(pattern);
            } catch (CelProblem e) {
                return String.valueOf(e.getMessage()).replaceFirst("^Illegal regex: ", "");
            }
        }
        for (CelExpr each : ConstantChecks.conversions(ast)) {
            CelAbstractSyntaxTree alone =
                    CelAbstractSyntaxTree.newCheckedAst(each, ast.getSource(), ast.getReferenceMap(), ast.getTypeMap());
            try {
                runtime.createProgram(alone).eval();
            } catch (CelEvaluationException e) {
                return CelErrors.text(e, alone);
            }
        }
        return "";
    }

    private CelCompiler compilerOf(ImmutableSet<String> objectFields) {
        CelCompilerBuilder builder = Library.COMPILER.toCompilerBuilder();
        if (names.containsKey("device")) {
            builder.addLibraries(CelExtensions.bindings());
        }
        names.forEach(builder::addVar);
        if (self != null && !hasVariables) {
            return builder.setTypeProvider(self.provider()).build();
        }
        List<StructType> types = new ArrayList<>(Types.ALL);
        if (hasVariables) {
            StructType all = Types.struct("kubernetes." + VARIABLES, variables);
            types.add(all);
            builder.addVar(VARIABLES, all);
        }
        CelTypeProvider provider = Types.provider(types, objectFields);
        return builder.setTypeProvider(
                        self == null
                                ? provider
                                : new CelTypeProvider.CombinedCelTypeProvider(self.provider(), provider))
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
}
