/**
 * Attempts: what somebody without the right might try, by each way that is known to have worked somewhere. Each must be refused, and what is
 * refused must have changed nothing. These tests know the cluster from outside alone: by its address, its certificates and its store.
 */
@NullMarked
package dev.amphora.security;

import org.jspecify.annotations.NullMarked;
