package dev.amphora.apiserver;

import java.time.Instant;

/** Hears of every write that an API server has made, in the thread that made it. Must be quick, and may read but not write. */
@FunctionalInterface
public interface WriteListener {

    /**
     * A write has succeeded. Several may be told at once.
     *
     * @param at when it was answered
     * @param request what was asked, and by whom
     * @param result what the caller gets
     */
    void written(Instant at, ApiRequest request, ApiResult result);
}
