package dev.amphora.scheduler.framework;

import java.util.List;

/** Some nodes of the snapshot, with their places there and the values of their labels as numbers. Holds for one cycle. */
public interface NodeSelection extends List<NodeInfo> {
    /** The place in the snapshot of one of these nodes. */
    int place(int index);

    /** What the snapshot's nodes have for a label. */
    LabelColumn column(String label);
}
