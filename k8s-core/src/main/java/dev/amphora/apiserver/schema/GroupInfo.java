package dev.amphora.apiserver.schema;

import com.google.common.collect.ImmutableList;
import java.util.List;

/**
 * One API group and its versions.
 *
 * @param name empty for the core group
 * @param versions in order of preference, the preferred one first
 */
public record GroupInfo(String name, List<String> versions) {

    /** Copies the list. */
    public GroupInfo {
        versions = ImmutableList.copyOf(versions);
    }
}
