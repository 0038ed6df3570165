/**
 * The patch formats: JSON patch, merge patch, strategic merge patch. Pure functions over JSON trees; sees {@code api} and
 * {@code apiserver.schema}.
 */
@NullMarked
package dev.amphora.apiserver.patch;

import org.jspecify.annotations.NullMarked;
