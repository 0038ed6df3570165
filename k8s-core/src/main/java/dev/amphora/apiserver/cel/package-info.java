/**
 * Expressions in the Common Expression Language, as objects of the API carry them: which names and functions they may use where, and
 * whether they compile to the type that is asked for. Nothing is evaluated here, and nothing is loaded before the first expression
 * comes.
 */
@NullMarked
package dev.amphora.apiserver.cel;

import org.jspecify.annotations.NullMarked;
