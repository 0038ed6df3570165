package dev.amphora.apiserver.flow;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** Where the rules come from. */
public interface FlowSource {
    /** Changes whenever the rules may have; asked for each request. */
    long edition();

    /** The PriorityLevelConfigurations, with their uids. */
    List<ObjectNode> levels();

    /** The FlowSchemas, with their uids. */
    List<ObjectNode> schemas();
}
