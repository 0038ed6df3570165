package dev.amphora.controller.serviceaccount;

import dev.amphora.client.Informer;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import java.util.List;
import java.util.Map;

/** Secrets that hold a token of a service account, which an annotation names. */
final class TokenSecrets {
    static final String TYPE = "kubernetes.io/service-account-token";
    static final String ACCOUNT = "kubernetes.io/service-account.name";
    static final String ACCOUNT_UID = "kubernetes.io/service-account.uid";
    static final String BY_ACCOUNT = "token-of-account";

    private TokenSecrets() {}

    static boolean isOne(Secret secret) {
        return TYPE.equals(secret.getType());
    }

    static String annotation(Secret secret, String name) {
        Map<String, String> annotations = secret.getMetadata().getAnnotations();
        return annotations == null ? "" : annotations.getOrDefault(name, "");
    }

    /** Whether a secret's token is that of an account, not of an earlier one of the same name. */
    static boolean isOf(Secret secret, ServiceAccount account) {
        String uid = annotation(secret, ACCOUNT_UID);
        return uid.isEmpty() || uid.equals(account.getMetadata().getUid());
    }

    /** Adds an index by namespace and name of the account. */
    static void index(Informer<Secret> secrets) {
        secrets.addIndex(
                BY_ACCOUNT,
                secret -> isOne(secret)
                        ? List.of(key(secret.getMetadata().getNamespace(), annotation(secret, ACCOUNT)))
                        : List.of());
    }

    static String key(String namespace, String account) {
        return namespace + "/" + account;
    }

    /** Whether an account lists a secret, as was done for those made without being asked for. */
    static boolean lists(ServiceAccount account, String secret) {
        return account.getSecrets() != null
                && account.getSecrets().stream().anyMatch(each -> secret.equals(each.getName()));
    }
}
