/**
 * VolumeAttachments: which volumes of CSI drivers are attached to which nodes. A sibling of the other controllers: it may use the skeleton
 * in {@link dev.amphora.controller} and what lies below that.
 */
@NullMarked
package dev.amphora.controller.attachment;

import org.jspecify.annotations.NullMarked;
