package dev.amphora.controller.serviceaccount;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.Informer;
import dev.amphora.client.ObjectKey;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.KeyMapper;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Fills in the Secrets that somebody made to hold a token of a service account, and removes them with it: the reference's
 * {@code serviceaccount-token-controller}. Such tokens don't expire.
 */
public final class TokenController implements Controller {
    private static final ResourceType<Secret> SECRETS = ResourceType.of(Secret.class);
    private static final ResourceType<ServiceAccount> ACCOUNTS = ResourceType.of(ServiceAccount.class);
    private static final String CLAIM = "kubernetes.io/serviceaccount/";
    private static final String BY_SECRET = "lists-secret";

    private final Supplier<String> authority;
    private final @Nullable UnaryOperator<String> signing;
    private @Nullable ControlLoop<ObjectKey> loop;

    /**
     * A controller that does not yet run.
     *
     * @param authority the certificates to be kept beside the token, as PEM; none are kept while it is empty
     * @param signing makes a token of claims, as JSON; null if nobody does, and the controller rests
     */
    public TokenController(Supplier<String> authority, @Nullable UnaryOperator<String> signing) {
        this.authority = authority;
        this.signing = signing;
    }

    @Override
    public String name() {
        return "serviceaccount-token-controller";
    }

    @Override
    public void start(Context context) {
        UnaryOperator<String> signer = signing;
        if (signer == null) {
            return;
        }
        Informer<Secret> secrets = context.informers().of(SECRETS);
        Informer<ServiceAccount> accounts = context.informers().of(ACCOUNTS);
        TokenSecrets.index(secrets);
        accounts.addIndex(BY_SECRET, TokenController::listed);
        Run run = new Run(context, secrets, accounts, signer);
        ControlLoop<ObjectKey> created = new ControlLoop<>(context.kernel(), name(), 1);
        loop = created.watch(
                        secrets,
                        KeyMapper.each(secret ->
                                TokenSecrets.isOne(secret) ? List.of(ObjectKey.of(secret)) : List.<ObjectKey>of()))
                .watch(accounts, KeyMapper.each(account -> secrets
                        .byIndex(
                                TokenSecrets.BY_ACCOUNT,
                                TokenSecrets.key(
                                        account.getMetadata().getNamespace(),
                                        account.getMetadata().getName()))
                        .stream()
                        .map(ObjectKey::of)
                        .toList()))
                .start(run::reconcile);
    }

    private static List<String> listed(ServiceAccount account) {
        return account.getSecrets() == null
                ? List.of()
                : account.getSecrets().stream()
                        .map(secret -> TokenSecrets.key(account.getMetadata().getNamespace(), secret.getName()))
                        .toList();
    }

    private final class Run {
        private final Context context;
        private final Informer<Secret> secrets;
        private final Informer<ServiceAccount> accounts;
        private final UnaryOperator<String> signer;

        Run(
                Context context,
                Informer<Secret> secrets,
                Informer<ServiceAccount> accounts,
                UnaryOperator<String> signer) {
            this.context = context;
            this.secrets = secrets;
            this.accounts = accounts;
            this.signer = signer;
        }

        Result reconcile(ObjectKey key) {
            Secret secret = secrets.find(key).orElse(null);
            if (secret == null) {
                unlist(key);
                return Result.done();
            }
            String name = TokenSecrets.annotation(secret, TokenSecrets.ACCOUNT);
            if (!TokenSecrets.isOne(secret) || name.isEmpty()) {
                return Result.done();
            }
            Optional<ServiceAccount> account = accounts.find(key.namespace(), name)
                    .filter(found -> TokenSecrets.isOf(secret, found))
                    .or(() -> context.client()
                            .find(ACCOUNTS, key.namespace(), name)
                            .filter(found -> TokenSecrets.isOf(secret, found)));
            if (account.isEmpty()) {
                delete(secret);
            } else if (lacks(secret)) {
                context.client()
                        .find(SECRETS, key.namespace(), key.name())
                        .filter(found -> found.getMetadata()
                                .getUid()
                                .equals(secret.getMetadata().getUid()))
                        .filter(this::lacks)
                        .ifPresent(found -> fill(found, account.get()));
            }
            return Result.done();
        }

        private boolean lacks(Secret secret) {
            Map<String, String> data = secret.getData() == null ? Map.of() : secret.getData();
            return data.getOrDefault("token", "").isEmpty()
                    || data.getOrDefault("namespace", "").isEmpty()
                    || !data.getOrDefault("ca.crt", authorityOrEmpty()).equals(authorityOrEmpty())
                    || (!authorityOrEmpty().isEmpty() && !data.containsKey("ca.crt"));
        }

        private String authorityOrEmpty() {
            return base64(authority.get());
        }

        private void fill(Secret secret, ServiceAccount account) {
            Map<String, String> data = new HashMap<>(secret.getData() == null ? Map.of() : secret.getData());
            if (!authorityOrEmpty().isEmpty()) {
                data.put("ca.crt", authorityOrEmpty());
            }
            if (data.getOrDefault("namespace", "").isEmpty()) {
                data.put("namespace", base64(secret.getMetadata().getNamespace()));
            }
            if (data.getOrDefault("token", "").isEmpty()) {
                data.put("token", base64(token(secret, account)));
            }
            context.client()
                    .update(new SecretBuilder(secret)
                            .editMetadata()
                            .addToAnnotations(
                                    TokenSecrets.ACCOUNT, account.getMetadata().getName())
                            .addToAnnotations(
                                    TokenSecrets.ACCOUNT_UID,
                                    account.getMetadata().getUid())
                            .endMetadata()
                            .withData(data)
                            .build());
        }

        private String token(Secret secret, ServiceAccount account) {
            String namespace = account.getMetadata().getNamespace();
            String name = account.getMetadata().getName();
            ObjectNode claims = Json.object();
            claims.put("iss", "kubernetes/serviceaccount");
            claims.put(CLAIM + "namespace", namespace);
            claims.put(CLAIM + "secret.name", secret.getMetadata().getName());
            claims.put(CLAIM + "service-account.name", name);
            claims.put(CLAIM + "service-account.uid", account.getMetadata().getUid());
            claims.put("sub", "system:serviceaccount:%s:%s".formatted(namespace, name));
            return signer.apply(claims.toString());
        }

        private void delete(Secret secret) {
            try {
                context.client()
                        .delete(
                                SECRETS,
                                secret.getMetadata().getNamespace(),
                                secret.getMetadata().getName(),
                                DeleteOptions.defaults()
                                        .onlyUid(secret.getMetadata().getUid()));
            } catch (StatusException e) {
                if (!e.isNotFound()) {
                    throw e;
                }
            }
        }

        /** An account does not go on listing a secret that is gone. */
        private void unlist(ObjectKey key) {
            for (ServiceAccount account :
                    accounts.byIndex(BY_SECRET, TokenSecrets.key(String.valueOf(key.namespace()), key.name()))) {
                if (context.client().find(SECRETS, key.namespace(), key.name()).isEmpty()) {
                    context.client()
                            .update(new ServiceAccountBuilder(account)
                                    .removeMatchingFromSecrets(
                                            each -> key.name().equals(each.getName()))
                                    .build());
                }
            }
        }
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void close() {
        if (loop != null) {
            loop.close();
        }
    }
}
