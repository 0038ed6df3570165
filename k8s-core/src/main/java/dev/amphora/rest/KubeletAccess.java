package dev.amphora.rest;

import com.google.common.collect.ImmutableList;
import dev.amphora.rest.tls.KeyCertificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How the API server reaches kubelets outside its process, for logs, commands, ports and {@code nodes/proxy}: over HTTPS, at an address
 * that the node's status tells. By the names of kube-apiserver's options. Immutable; each {@code with} method gives a changed copy.
 *
 * @param addressTypes {@code --kubelet-preferred-address-types}: which of a node's addresses to take, the first type that it has
 * @param client {@code --kubelet-client-certificate} and {@code --kubelet-client-key}: what to show to kubelets; null for nothing
 * @param authorityPem {@code --kubelet-certificate-authority}: who vouches for kubelets, as PEM; empty to take any certificate
 */
public record KubeletAccess(List<String> addressTypes, @Nullable KeyCertificate client, String authorityPem) {
    private static final KubeletAccess DEFAULTS =
            new KubeletAccess(List.of("Hostname", "InternalDNS", "InternalIP", "ExternalDNS", "ExternalIP"), null, "");

    /** Access whose members cannot change. */
    public KubeletAccess {
        addressTypes = ImmutableList.copyOf(addressTypes);
    }

    /** Any address, by names before numbers and from inside before outside; no certificate is shown, and none is looked at. */
    public static KubeletAccess defaults() {
        return DEFAULTS;
    }

    /** The same with other types of addresses. */
    public KubeletAccess withAddressTypes(List<String> types) {
        return new KubeletAccess(types, client, authorityPem);
    }

    /** The same with something to show. */
    public KubeletAccess withClient(@Nullable KeyCertificate shown) {
        return new KubeletAccess(addressTypes, shown, authorityPem);
    }

    /** The same with an authority that kubelets' certificates must be of, as PEM. */
    public KubeletAccess withAuthority(String pem) {
        return new KubeletAccess(addressTypes, client, pem);
    }
}
