package dev.amphora.apiserver;

/**
 * What the watch cache of one resource has measured since it began.
 *
 * @param group of the stored resource; empty for the core group
 * @param resource its plural name
 * @param objects how many there are
 * @param revision the last change
 * @param received changes taken from the store
 * @param dispatched changes passed on, once for each watcher
 * @param starts how often it was read from the store
 * @param capacity how many changes it may remember
 */
public record Measurements(
        String group,
        String resource,
        long objects,
        long revision,
        long received,
        long dispatched,
        long starts,
        long capacity) {}
