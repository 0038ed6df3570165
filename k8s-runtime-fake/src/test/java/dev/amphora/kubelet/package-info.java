/** The kubelet on a real API server in memory and a fake runtime. */
@NullMarked
package dev.amphora.kubelet;

import org.jspecify.annotations.NullMarked;
