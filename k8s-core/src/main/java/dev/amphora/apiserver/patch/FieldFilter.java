package dev.amphora.apiserver.patch;

import java.util.ArrayList;
import java.util.List;

/** Which fields a write can change at all; the others are neither compared nor owned. */
public final class FieldFilter {
    /** All fields. */
    public static final FieldFilter ALL = new FieldFilter(FieldSet.EMPTY);

    private final FieldSet without;

    private FieldFilter(FieldSet without) {
        this.without = without;
    }

    /**
     * All fields but some.
     *
     * @param paths such as {@code spec} or {@code metadata.labels}
     */
    public static FieldFilter without(List<String> paths) {
        if (paths.isEmpty()) {
            return ALL;
        }
        FieldSet set = new FieldSet();
        paths.forEach(path -> set.insert(steps(path)));
        return new FieldFilter(set);
    }

    private static List<String> steps(String path) {
        List<String> steps = new ArrayList<>();
        for (String name : path.split("\\.", -1)) {
            steps.add(FieldSet.field(name));
        }
        return steps;
    }

    FieldSet of(FieldSet fields) {
        return without.isEmpty() ? fields : fields.without(without);
    }
}
