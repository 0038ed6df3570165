/**
 * ResourceClaims: made for pods from templates, taken back from pods that have ended, and pods evicted from tainted devices. A sibling of the other controllers: it may use the skeleton in
 * {@link dev.amphora.controller} and what lies below that.
 */
@NullMarked
package dev.amphora.controller.resourceclaim;

import org.jspecify.annotations.NullMarked;
