/**
 * ClusterRoles that gather the rules of others. Sees {@code controller}, {@code client}, {@code api} and {@code kernel}.
 */
@NullMarked
package dev.amphora.controller.clusterrole;

import org.jspecify.annotations.NullMarked;
