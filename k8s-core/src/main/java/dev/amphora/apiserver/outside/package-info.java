/**
 * Other servers that the API server calls: where they are, how they are trusted, and who answers in their place within this process. Knows
 * what is stored only as an {@link dev.amphora.apiserver.access.ObjectReader} tells it, and nothing of what is asked of those servers.
 */
@NullMarked
package dev.amphora.apiserver.outside;

import org.jspecify.annotations.NullMarked;
