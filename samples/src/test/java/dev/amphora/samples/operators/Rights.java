package dev.amphora.samples.operators;

import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBindingBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBuilder;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.PolicyRuleBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.List;

/** A service account that may do what one cluster role says. */
final class Rights {
    private final KubernetesClient admin;
    private final String namespace;
    private final String name;

    private Rights(KubernetesClient admin, String namespace, String name) {
        this.admin = admin;
        this.namespace = namespace;
        this.name = name;
    }

    /** Makes the account, without any rights. */
    static Rights of(KubernetesClient admin, String namespace, String name) {
        admin.resource(new ServiceAccountBuilder()
                        .withNewMetadata()
                        .withNamespace(namespace)
                        .withName(name)
                        .endMetadata()
                        .build())
                .create();
        admin.resource(new ClusterRoleBindingBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .endMetadata()
                        .withNewRoleRef("rbac.authorization.k8s.io", "ClusterRole", name)
                        .addNewSubject("", "ServiceAccount", name, namespace)
                        .build())
                .create();
        return new Rights(admin, namespace, name);
    }

    /** Gives these rights, and no others. */
    Rights allow(PolicyRule... rules) {
        admin.resource(new ClusterRoleBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .endMetadata()
                        .withRules(List.of(rules))
                        .build())
                .createOr(role -> role.update());
        return this;
    }

    static PolicyRule may(String group, String resources, String verbs) {
        return new PolicyRuleBuilder()
                .withApiGroups(group)
                .withResources(resources.split(","))
                .withVerbs(verbs.split(","))
                .build();
    }

    /** A token such as a pod of the account would find. */
    String token() {
        return admin.serviceAccounts()
                .inNamespace(namespace)
                .withName(name)
                .tokenRequest(new TokenRequestBuilder()
                        .withNewSpec()
                        .withExpirationSeconds(3600L)
                        .endSpec()
                        .build())
                .getStatus()
                .getToken();
    }

    /** How to reach a server as the account. */
    Config config(String kubeconfig) {
        Config known = Config.fromKubeconfig(kubeconfig);
        Config config = Config.empty();
        config.setMasterUrl(known.getMasterUrl());
        config.setCaCertData(known.getCaCertData());
        config.setOauthToken(token());
        config.setNamespace(namespace);
        return config;
    }
}
