package dev.amphora.apiserver.cel;

import com.google.common.base.Suppliers;
import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.ast.CelExpr;
import dev.cel.common.navigation.CelNavigableAst;
import dev.cel.common.types.CelType;
import dev.cel.common.types.SimpleType;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What came of the text of an expression: something to run, or why there is nothing. Immutable; safe for concurrent use. */
public final class Expression {
    static final String NOT_INSTANTIATED = "program instantiation failed: ";

    private final String text;
    private final String problem;
    private final @Nullable CelAbstractSyntaxTree ast;
    private final CelType type;
    private final long cost;
    private final Supplier<CelRuntime.Program> program;
    private final Supplier<RuntimeCost> price;

    private Expression(
            String text,
            String problem,
            @Nullable CelAbstractSyntaxTree ast,
            CelType type,
            long cost,
            Supplier<CelRuntime.Program> program,
            Supplier<RuntimeCost> price) {
        this.text = text;
        this.problem = problem;
        this.ast = ast;
        this.type = type;
        this.cost = cost;
        this.program = program;
        this.price = price;
    }

    static Expression of(String text, CelAbstractSyntaxTree ast, long cost, Supplier<CelRuntime.Program> program) {
        return new Expression(
                text,
                "",
                ast,
                ast.getResultType(),
                cost,
                Suppliers.memoize(program::get),
                Suppliers.memoize(() -> RuntimeCost.of(ast)));
    }

    static Expression failed(String text, String problem) {
        return new Expression(
                text,
                problem,
                null,
                SimpleType.DYN,
                0,
                () -> {
                    throw new IllegalStateException(problem);
                },
                () -> {
                    throw new IllegalStateException(problem);
                });
    }

    /** The text that was compiled. */
    public String text() {
        return text;
    }

    /** Why it does not compile, as messages have it; empty if it does. */
    public String problem() {
        return problem;
    }

    /** Whether it is well-formed and still cannot be made ready to run. */
    public boolean isBroken() {
        return problem.startsWith(NOT_INSTANTIATED);
    }

    /** The type of its value as messages name it, such as {@code bool} or {@code list(int)}; {@code dyn} if that is open. */
    public String type() {
        return Types.shown(type);
    }

    CelType resultType() {
        return type;
    }

    /** The most that it may cost by the sizes that its variables may have; 0 where nothing is known of them. */
    public long cost() {
        return cost;
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
     * @param variables the values of the names that it may use
     * @param meter is charged with what it costs
     * @return its value: text, a number, true or false, a list or map of such values, or a value of the API's own
     * @throws CelFailure if it has no value, or costs more than one expression may
     */
    public Object evaluate(Map<String, ?> variables, CostMeter meter) {
        long limit = meter.limit();
        meter.begin();
        try {
            return program.get().trace(variables, price.get().listener(meter));
        } catch (CelEvaluationException e) {
            throw new CelFailure(CelErrors.text(e, ast));
        } catch (CostMeter.CostExceeded e) {
            throw new CelFailure(String.valueOf(e.getMessage()));
        } finally {
            meter.resume(limit);
        }
    }
}
