package dev.amphora.scheduler.framework;

/** What is known of an image that a node holds. */
public interface ImageState {
    /** In bytes. */
    long size();

    /** How many nodes hold it. */
    int nodeCount();
}
