package dev.amphora.apiserver.schema;

import com.google.common.collect.ImmutableSetMultimap;

/** Kinds in versions that are no longer served, but which the reference can still read. */
final class FormerKinds {
    private static final ImmutableSetMultimap<String, String> KINDS = ImmutableSetMultimap.<String, String>builder()
            .putAll("admissionregistration.k8s.io/v1beta1", "MutatingWebhookConfiguration")
            .putAll("admissionregistration.k8s.io/v1beta1", "ValidatingWebhookConfiguration")
            .putAll("admissionregistration.k8s.io/v1beta1", "ValidatingAdmissionPolicy")
            .putAll("admissionregistration.k8s.io/v1beta1", "ValidatingAdmissionPolicyBinding")
            .putAll("admissionregistration.k8s.io/v1beta1", "MutatingAdmissionPolicy")
            .putAll("admissionregistration.k8s.io/v1beta1", "MutatingAdmissionPolicyBinding")
            .putAll("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition")
            .putAll("apiregistration.k8s.io/v1beta1", "APIService")
            .putAll("apps/v1beta1", "ControllerRevision", "Deployment", "Scale", "StatefulSet")
            .putAll(
                    "apps/v1beta2",
                    "ControllerRevision",
                    "DaemonSet",
                    "Deployment",
                    "ReplicaSet",
                    "Scale",
                    "StatefulSet")
            .putAll("authentication.k8s.io/v1beta1", "SelfSubjectReview", "TokenReview")
            .putAll("authorization.k8s.io/v1beta1", "LocalSubjectAccessReview", "SelfSubjectAccessReview")
            .putAll("authorization.k8s.io/v1beta1", "SelfSubjectRulesReview", "SubjectAccessReview")
            .putAll("batch/v1beta1", "CronJob")
            .putAll("certificates.k8s.io/v1beta1", "CertificateSigningRequest")
            .putAll("coordination.k8s.io/v1beta1", "Lease")
            .putAll("discovery.k8s.io/v1beta1", "EndpointSlice")
            .putAll("events.k8s.io/v1beta1", "Event")
            .putAll("extensions/v1beta1", "DaemonSet", "Deployment", "Ingress", "NetworkPolicy", "ReplicaSet", "Scale")
            .putAll("flowcontrol.apiserver.k8s.io/v1beta1", "FlowSchema", "PriorityLevelConfiguration")
            .putAll("flowcontrol.apiserver.k8s.io/v1beta2", "FlowSchema", "PriorityLevelConfiguration")
            .putAll("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema", "PriorityLevelConfiguration")
            .putAll("networking.k8s.io/v1beta1", "IPAddress", "Ingress", "IngressClass", "ServiceCIDR")
            .putAll("node.k8s.io/v1beta1", "RuntimeClass")
            .putAll("policy/v1beta1", "Eviction", "PodDisruptionBudget")
            .putAll("rbac.authorization.k8s.io/v1alpha1", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
            .putAll("rbac.authorization.k8s.io/v1beta1", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
            .putAll("scheduling.k8s.io/v1alpha1", "PriorityClass")
            .putAll("scheduling.k8s.io/v1beta1", "PriorityClass")
            .putAll("storage.k8s.io/v1beta1", "CSIDriver", "CSINode", "CSIStorageCapacity", "StorageClass")
            .putAll("storage.k8s.io/v1beta1", "VolumeAttachment", "VolumeAttributesClass")
            .build();

    private FormerKinds() {}

    /** Whether a kind was once served in a version. */
    static boolean contains(String apiVersion, String kind) {
        return KINDS.containsEntry(apiVersion, kind);
    }

    /** Whether a request may still carry a kind in a former version in place of the present one: the old form of an eviction. */
    static boolean isAccepted(String apiVersion, String kind) {
        return apiVersion.equals("policy/v1beta1") && kind.equals("Eviction");
    }
}
