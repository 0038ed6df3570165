/** Says in the status of validating admission policies that they were looked at, and what is doubtful about their expressions. */
@NullMarked
package dev.amphora.controller.policy;

import org.jspecify.annotations.NullMarked;
