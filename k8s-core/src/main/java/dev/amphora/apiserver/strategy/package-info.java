/**
 * What a table cannot say about a kind: defaults that depend on other fields, validation, what may change, which fields can be
 * selected. One {@link dev.amphora.apiserver.strategy.Strategy} class per kind or family of kinds. Works on JSON trees alone and sees
 * {@code api} and {@code apiserver.schema}.
 */
@NullMarked
package dev.amphora.apiserver.strategy;

import org.jspecify.annotations.NullMarked;
