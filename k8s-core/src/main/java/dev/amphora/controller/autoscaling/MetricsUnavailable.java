package dev.amphora.controller.autoscaling;

/** A metric can't be had: nobody tells it, or it isn't known. */
public final class MetricsUnavailable extends Exception {
    private static final long serialVersionUID = 1;

    /** @param why as it is told in conditions and Events */
    public MetricsUnavailable(String why) {
        super(why);
    }
}
