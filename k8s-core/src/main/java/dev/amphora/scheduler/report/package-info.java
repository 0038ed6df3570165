/** How an {@link dev.amphora.scheduler.Explanation} is shown: as a table, as JSON, as a page. Sees the scheduler's public types only. */
@NullMarked
package dev.amphora.scheduler.report;

import org.jspecify.annotations.NullMarked;
