/**
 * What calls to other servers have in common, whoever makes them: which server to take for who it says it is, what to show to it, and why one
 * could not be asked, in the reference's words. Sees {@code api.pki} and nothing else of the project.
 */
@NullMarked
package dev.amphora.api.remote;

import org.jspecify.annotations.NullMarked;
