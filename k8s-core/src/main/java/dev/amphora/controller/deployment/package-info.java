/**
 * Deployments: rollouts, rollbacks, proportional scaling, revision history and progress. {@code DeploymentPlanner} decides what one
 * look leads to, {@code RolloutMath} and {@code Revisions} hold the arithmetic, {@code DeploymentController} carries it out. Sees
 * {@code controller}, {@code client}, {@code api} and {@code kernel}.
 */
@NullMarked
package dev.amphora.controller.deployment;

import org.jspecify.annotations.NullMarked;
