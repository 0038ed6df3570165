/**
 * The history of templates that StatefulSets and DaemonSets keep as ControllerRevisions. Sees {@code controller}, {@code client},
 * {@code api} and {@code kernel}.
 */
@NullMarked
package dev.amphora.controller.history;

import org.jspecify.annotations.NullMarked;
