/** A sample operator for a custom resource; {@code samples/docs/operators.md} builds it step by step. */
@NullMarked
package dev.amphora.samples.examples.website;

import org.jspecify.annotations.NullMarked;
