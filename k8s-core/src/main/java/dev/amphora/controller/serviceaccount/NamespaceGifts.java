package dev.amphora.controller.serviceaccount;

import dev.amphora.api.StatusException;
import dev.amphora.client.Client;
import dev.amphora.client.Informer;
import dev.amphora.controller.Pods;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;

/** What the two publishers share: which namespaces to serve, and how a creation may fail without harm. */
final class NamespaceGifts {
    private NamespaceGifts() {}

    static boolean isActive(Informer<Namespace> namespaces, String name) {
        return namespaces
                .find("", name)
                .filter(namespace -> !Pods.isTerminating(namespace))
                .filter(namespace -> namespace.getStatus() == null
                        || namespace.getStatus().getPhase() == null
                        || namespace.getStatus().getPhase().equals("Active"))
                .isPresent();
    }

    /** Creates an object unless somebody else was faster or the namespace is on its way out. */
    static void create(Client client, HasMetadata object) {
        try {
            client.create(object);
        } catch (StatusException e) {
            if (!e.isAlreadyExists() && !e.hasCause("NamespaceTerminating")) {
                throw e;
            }
        }
    }
}
