package dev.amphora.apiserver.patch;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which fields a write can change at all; the others are neither compared nor owned. */
public final class FieldFilter {
    /** All fields. */
    public static final FieldFilter ALL = new FieldFilter(FieldSet.EMPTY, null);

    private final FieldSet without;
    private final @Nullable List<List<String>> within;

    private FieldFilter(FieldSet without, @Nullable List<List<String>> within) {
        this.without = without;
        this.within = within;
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
        return new FieldFilter(set, null);
    }

    /**
     * Nothing but some fields and those on the way to them.
     *
     * @param paths such as {@code spec.containers.*.resources}; a star stands for any element
     */
    public static FieldFilter within(List<String> paths) {
        List<List<String>> patterns = new ArrayList<>();
        paths.forEach(path -> patterns.add(steps(path)));
        return new FieldFilter(FieldSet.EMPTY, patterns);
    }

    private static List<String> steps(String path) {
        List<String> steps = new ArrayList<>();
        for (String name : path.split("\\.", -1)) {
            steps.add(name.equals("*") ? name : FieldSet.field(name));
        }
        return steps;
    }

    FieldSet of(FieldSet fields) {
        if (within != null) {
            return fields.within(within);
        }
        return without.isEmpty() ? fields : fields.without(without);
    }
}
