/**
<<<<<<< HEAD
 * Expressions in the Common Expression Language, as objects of the API carry them: which names and functions they may use where, and
 * whether they compile to the type that is asked for. Nothing is evaluated here, and nothing is loaded before the first expression
 * comes.
=======
 * Rules in the Common Expression Language, as the API has them: its functions beyond the language's own, the types that schemas give to
 * values, and an estimate of what a rule may cost. Start with {@link dev.amphora.apiserver.cel.CelCompilation}. Nothing here is loaded
 * before the first rule. Sees {@code api} and {@code apiserver.schema}.
>>>>>>> 521660e (Apply the rules that definitions hold in the expression language, and refuse those that cost too much)
 */
@NullMarked
package dev.amphora.apiserver.cel;

import org.jspecify.annotations.NullMarked;
