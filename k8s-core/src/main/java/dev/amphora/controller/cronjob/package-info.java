/**
 * CronJobs: a Job at each time of a schedule. The planner is a function of what is seen and the time; the controller carries its
 * steps out. Sees {@code controller}, {@code client}, {@code api} and {@code kernel}.
 */
@NullMarked
package dev.amphora.controller.cronjob;

import org.jspecify.annotations.NullMarked;
