package dev.amphora.apiserver.admission;

import com.google.common.collect.ImmutableList;
import dev.amphora.apiserver.access.Authorizer;
import dev.amphora.apiserver.access.ObjectReader;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** The built-in plugins, in the order in which they are called. */
public final class AdmissionPlugins {
    /** The names that kube-apiserver knows, in its order. */
    public static final ImmutableList<String> NAMES = ImmutableList.of(
            "AlwaysAdmit",
            "NamespaceAutoProvision",
            "NamespaceLifecycle",
            "NamespaceExists",
            "LimitPodHardAntiAffinityTopology",
            "LimitRanger",
            "ServiceAccount",
            "NodeRestriction",
            "TaintNodesByCondition",
            "AlwaysPullImages",
            "ImagePolicyWebhook",
            "PodSecurity",
            "PodNodeSelector",
            "Priority",
            "DefaultTolerationSeconds",
            "PodTolerationRestriction",
            "EventRateLimit",
            "ExtendedResourceToleration",
            "PersistentVolumeClaimResize",
            "DefaultStorageClass",
            "StorageObjectInUseProtection",
            "OwnerReferencesPermissionEnforcement",
            "RuntimeClass",
            "CertificateApproval",
            "CertificateSigning",
            "ClusterTrustBundleAttest",
            "CertificateSubjectRestriction",
            "DefaultIngressClass",
            "PodTopologyLabels",
            "NodeDeclaredFeatureValidator",
            "DenyServiceExternalIPs",
            "MutatingAdmissionPolicy",
            "MutatingAdmissionWebhook",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionWebhook",
            "ResourceQuota",
            "AlwaysDeny");

    /**
     * The reference's order. Plugins that it doesn't have come as they were added, behind its own and before policies, webhooks and quotas:
     * what these have seen is not changed any more, and what is refused is not charged.
     */
    public static final Comparator<AdmissionPlugin> ORDER = Comparator.comparingInt(AdmissionPlugins::place);

    /** Those that are not there, so that switching them on would promise what isn't done. */
    private static final ImmutableList<String> MISSING =
            ImmutableList.of("EventRateLimit", "ImagePolicyWebhook", "PodTolerationRestriction");

    private AdmissionPlugins() {}

    private static int place(AdmissionPlugin plugin) {
        int place = NAMES.indexOf(plugin.name());
        return place < 0 ? 2 * NAMES.indexOf("MutatingAdmissionPolicy") - 1 : 2 * place;
    }

    /**
     * Makes sure that names are known.
     *
     * @throws IllegalArgumentException if one is not among {@link #NAMES}
     */
    public static void requireKnown(Collection<String> names) {
        for (String name : names) {
            if (!NAMES.contains(name)) {
                throw new IllegalArgumentException("there is no admission plugin " + name);
            }
        }
    }

    /**
     * Makes sure that plugins can be switched on.
     *
     * @throws IllegalArgumentException if one is not known, or not there
     */
    public static void requireAvailable(Collection<String> names) {
        requireKnown(names);
        for (String name : names) {
            if (MISSING.contains(name)) {
                throw new IllegalArgumentException("the admission plugin " + name + " is not implemented");
            }
        }
    }

    /**
     * The plugins that are switched on.
     *
     * @param objects where plugins read
     * @param nameGenerator makes a name from its beginning
     * @param quotas where what is used is written down
     * @param authorizer says who may decide on requests for certificates
     * @param catalogue the kinds that are served now
     * @param namespaces makes a namespace
     * @param configuration what single plugins are told
     * @param enabled names of plugins to add to those that are on by default
     * @param disabled names of plugins to leave out
     */
    public static List<AdmissionPlugin> builtIn(
            ObjectReader objects,
            UnaryOperator<String> nameGenerator,
            QuotaStatus quotas,
            Authorizer authorizer,
            Supplier<SchemaCatalogue> catalogue,
            Consumer<String> namespaces,
            AdmissionConfiguration configuration,
            Collection<String> enabled,
            Collection<String> disabled) {
        List<AdmissionPlugin> plugins = new ArrayList<>(List.of(
                new NamespaceLifecycle(objects),
                new LimitRanger(objects),
                new ServiceAccountPlugin(objects, nameGenerator),
                new TaintNodesByCondition(),
                new PodSecurity(objects, configuration.of("PodSecurity")),
                new Priority(objects),
                new DefaultTolerationSeconds(),
                new PersistentVolumeClaimResize(objects),
                new PodTopologyLabels(objects),
                DefaultClass.storage(objects),
                new StorageObjectInUseProtection(),
                new RuntimeClass(objects),
                CertificateDecisions.approval(authorizer),
                CertificateDecisions.signing(authorizer),
                new CertificateSubjectRestriction(),
                DefaultClass.ingress(objects),
                new ResourceQuotaPlugin(objects, quotas, configuration.of("ResourceQuota"))));
        if (!enabled.isEmpty()) {
            PluginsOnDemand.all(objects, authorizer, catalogue, namespaces).stream()
                    .filter(plugin -> enabled.contains(plugin.name()))
                    .forEach(plugins::add);
        }
        plugins.removeIf(plugin -> disabled.contains(plugin.name()));
        plugins.sort(ORDER);
        return plugins;
    }
}
