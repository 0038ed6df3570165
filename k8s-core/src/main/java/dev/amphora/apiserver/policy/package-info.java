/**
 * Admission policies: objects of the API that change or refuse writes by expressions. {@link dev.amphora.apiserver.policy.Policies} makes
 * the two admission plugins that evaluate them. A policy is compiled once, when it is first needed; while there is none nothing is looked
 * up. Sees {@code api}, {@code apiserver.access}, {@code apiserver.admission}, {@code apiserver.cel}, {@code apiserver.patch} and
 * {@code apiserver.schema}.
 */
@NullMarked
package dev.amphora.apiserver.policy;

import org.jspecify.annotations.NullMarked;
