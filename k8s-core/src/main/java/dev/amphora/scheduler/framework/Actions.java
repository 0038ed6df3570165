package dev.amphora.scheduler.framework;

import java.util.ArrayList;
import java.util.List;

/** What may happen to an object, as bits that can be combined. */
public final class Actions {
    /** It appears. */
    public static final int ADD = 1;
    /** It goes. */
    public static final int DELETE = 1 << 1;
    /** A node's {@code status.allocatable} changes. */
    public static final int UPDATE_NODE_ALLOCATABLE = 1 << 2;
    /** A node's labels change. */
    public static final int UPDATE_NODE_LABEL = 1 << 3;
    /** A node's taints change, or it is uncordoned. */
    public static final int UPDATE_NODE_TAINT = 1 << 4;
    /** A node's conditions change. */
    public static final int UPDATE_NODE_CONDITION = 1 << 5;
    /** A node's annotations change. */
    public static final int UPDATE_NODE_ANNOTATION = 1 << 6;
    /** A node's declared features change. */
    public static final int UPDATE_NODE_DECLARED_FEATURE = 1 << 7;
    /** A pod's labels change. */
    public static final int UPDATE_POD_LABEL = 1 << 8;
    /** A pod's requests shrink. */
    public static final int UPDATE_POD_SCALE_DOWN = 1 << 9;
    /** A pod's tolerations change. */
    public static final int UPDATE_POD_TOLERATION = 1 << 10;
    /** A pod's last scheduling gate goes. */
    public static final int UPDATE_POD_SCHEDULING_GATES_ELIMINATED = 1 << 11;
    /** A pod's generated resource claims become known. */
    public static final int UPDATE_POD_GENERATED_RESOURCE_CLAIM = 1 << 12;
    /** Any change. */
    public static final int UPDATE = (1 << 13) - (1 << 2);
    /** Anything. */
    public static final int ALL = (1 << 13) - 1;

    private static final List<String> NAMES = List.of(
            "Add",
            "Delete",
            "UpdateNodeAllocatable",
            "UpdateNodeLabel",
            "UpdateNodeTaint",
            "UpdateNodeCondition",
            "UpdateNodeAnnotation",
            "UpdateNodeDeclaredFeature",
            "UpdatePodLabel",
            "UpdatePodScaleDown",
            "UpdatePodToleration",
            "UpdatePodSchedulingGatesEliminated",
            "UpdatePodGeneratedResourceClaim");

    private Actions() {}

    /** The names that the reference has for actions; {@code Update} or {@code All} where all of them are meant. */
    public static List<String> names(int actions) {
        if (actions == ALL) {
            return List.of("All");
        }
        List<String> names = new ArrayList<>();
        boolean anyUpdate = (actions & UPDATE) == UPDATE;
        if (anyUpdate) {
            names.add("Update");
        }
        for (int i = 0; i < NAMES.size(); i++) {
            boolean named = (actions & (1 << i)) != 0;
            if (named && !(anyUpdate && (UPDATE & (1 << i)) != 0)) {
                names.add(NAMES.get(i));
            }
        }
        return names;
    }
}
