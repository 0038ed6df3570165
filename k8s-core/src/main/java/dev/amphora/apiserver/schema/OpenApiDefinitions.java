package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableSet;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which definitions an OpenAPI document holds: those that its operations refer to, directly or not. */
final class OpenApiDefinitions {
    private static final Pattern REFERENCE = Pattern.compile("\"#/components/schemas/([^\"]+)\"");
    private static final ImmutableSet<String> IN_EVERY_GROUP =
            ImmutableSet.of(OpenApiPaths.META + "DeleteOptions", OpenApiPaths.META + "WatchEvent");

    /** The versions of groups that the reference knows kinds of, served or not. */
    private static final String KNOWN_VERSIONS =
            " v1;admission.k8s.io v1,v1beta1;admissionregistration.k8s.io v1,v1alpha1,v1beta1;"
                    + "apiextensions.k8s.io v1,v1beta1;apiregistration.k8s.io v1,v1beta1;apps v1,v1beta1,v1beta2;"
                    + "authentication.k8s.io v1,v1alpha1,v1beta1;authorization.k8s.io v1,v1beta1;autoscaling v1,v2;batch v1,v1beta1;"
                    + "certificates.k8s.io v1,v1alpha1,v1beta1;coordination.k8s.io v1,v1alpha2,v1beta1;discovery.k8s.io v1,v1beta1;"
                    + "events.k8s.io v1,v1beta1;extensions v1beta1;flowcontrol.apiserver.k8s.io v1,v1beta1,v1beta2,v1beta3;"
                    + "imagepolicy.k8s.io v1alpha1;internal.apiserver.k8s.io v1alpha1;networking.k8s.io v1,v1beta1;"
                    + "node.k8s.io v1,v1alpha1,v1beta1;policy v1,v1beta1;rbac.authorization.k8s.io v1,v1alpha1,v1beta1;"
                    + "resource.k8s.io v1,v1alpha3,v1beta1,v1beta2;scheduling.k8s.io v1,v1alpha2,v1beta1;"
                    + "storage.k8s.io v1,v1alpha1,v1beta1;storagemigration.k8s.io v1beta1";

    private OpenApiDefinitions() {}

    /**
     * The definitions by name, as JSON text with the references of version 3.
     *
     * @param custom the definitions of custom kinds
     * @param roots the names that operations refer to
     */
    static Map<String, String> reached(
            BuiltInDefinitions builtIn, Map<String, String> custom, Collection<String> roots) {
        Map<String, String> reached = new TreeMap<>();
        Deque<String> open = new ArrayDeque<>(roots);
        while (!open.isEmpty()) {
            String name = open.pop();
            if (reached.containsKey(name)) {
                continue;
            }
            String own = custom.get(name);
            String text = own != null ? own : described(builtIn, name);
            reached.put(name, text);
            Matcher matcher = REFERENCE.matcher(text);
            while (matcher.find()) {
                open.push(matcher.group(1));
            }
        }
        return reached;
    }

    private static String described(BuiltInDefinitions builtIn, String name) {
        String text = builtIn.schemaText(name);
        if (text == null) {
            throw new IllegalStateException("no definition " + name);
        }
        return Descriptions.describe(name, text);
    }

    /** Whether every group has a definition as a kind of its own. */
    static boolean isInEveryGroup(String name) {
        return IN_EVERY_GROUP.contains(name);
    }

    /** Adds the kinds that such a definition has in all groups that are known, in their order. */
    static void addKinds(ArrayNode kinds, String name) {
        String kind = name.substring(name.lastIndexOf('.') + 1);
        for (String group : Splitter.on(';').split(KNOWN_VERSIONS)) {
            int space = group.indexOf(' ');
            for (String version : Splitter.on(',').split(group.substring(space + 1))) {
                kinds.addObject()
                        .put("group", group.substring(0, space))
                        .put("kind", kind)
                        .put("version", version);
            }
        }
    }
}
