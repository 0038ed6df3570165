/**
 * Expressions in the Common Expression Language, as objects of the API carry them. {@link dev.amphora.apiserver.cel.ExpressionScope} says
 * which names they may use where, and compiles them to an {@link dev.amphora.apiserver.cel.Expression}, which says of which type its value
 * is, what it may cost, and runs. {@link dev.amphora.apiserver.cel.SchemaType} follows the types of values from the schema of a custom
 * resource; {@link dev.amphora.apiserver.cel.CostMeter} bounds what expressions may cost together. There is one language with the same
 * functions everywhere; nothing of it is loaded before the first expression comes. Sees {@code api} and {@code apiserver.schema}.
 */
@NullMarked
package dev.amphora.apiserver.cel;

import org.jspecify.annotations.NullMarked;
