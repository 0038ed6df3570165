/** The examples that the README shows: one for each of the five interfaces. Each is run by a test. */
@NullMarked
package dev.amphora.samples.examples;

import org.jspecify.annotations.NullMarked;
