/**
 * What the definition of a custom resource says of its objects. Start with {@link dev.amphora.apiserver.customresource.Definition}:
 * names and versions; a version has a structural schema, by which objects are pruned, completed and checked. Works on JSON trees
 * alone and sees {@code api} and {@code apiserver.schema}; what serves the objects is in {@code apiserver}.
 */
@NullMarked
package dev.amphora.apiserver.customresource;

import org.jspecify.annotations.NullMarked;
