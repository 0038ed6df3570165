/**
 * Expressions in the Common Expression Language, as objects of the API carry them. {@link dev.amphora.apiserver.cel.ExpressionScope} says
 * which names and functions they may use where, and whether they compile to the type that is asked for.
 * {@link dev.amphora.apiserver.cel.CelCompilation} runs the rules of custom resources over values whose types follow from a schema, and
 * estimates what they may cost. Nothing is loaded before the first expression comes. Sees {@code api} and {@code apiserver.schema}.
 */
@NullMarked
package dev.amphora.apiserver.cel;

import org.jspecify.annotations.NullMarked;
