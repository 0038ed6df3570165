/**
 * Makes the ResourceClaims of pods from templates. A sibling of the other controllers: it may use the skeleton in
 * {@link dev.amphora.controller} and what lies below that.
 */
@NullMarked
package dev.amphora.controller.resourceclaim;

import org.jspecify.annotations.NullMarked;
