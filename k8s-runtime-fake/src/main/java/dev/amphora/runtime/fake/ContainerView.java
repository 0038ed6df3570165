package dev.amphora.runtime.fake;

import java.util.List;
import java.util.Map;

/**
 * A container about to be made, as a rule sees it that chooses its {@linkplain ContainerBehavior behaviour}.
 *
 * @param node the node's name
 * @param namespace the pod's namespace
 * @param podName the pod's name
 * @param podUid the pod's uid
 * @param labels the pod's labels
 * @param annotations the pod's annotations
 * @param name the container's name
 * @param image as in the pod's spec
 * @param command as in the pod's spec
 * @param args as in the pod's spec
 * @param env the environment, in order
 * @param attempt how many containers of this name the pod has had before
 */
public record ContainerView(
        String node,
        String namespace,
        String podName,
        String podUid,
        Map<String, String> labels,
        Map<String, String> annotations,
        String name,
        String image,
        List<String> command,
        List<String> args,
        Map<String, String> env,
        int attempt) {}
