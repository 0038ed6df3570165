package dev.amphora.controller.resourceclaim;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.Informer;
import dev.amphora.client.ObjectKey;
import dev.amphora.client.OwnerReferences;
import dev.amphora.client.Patch;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.KeyMapper;
import dev.amphora.controller.Pods;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodResourceClaim;
import io.fabric8.kubernetes.api.model.PodResourceClaimStatus;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimTemplate;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimTemplateSpec;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Makes the ResourceClaims that pods ask for by template, and tells each pod what its claims are called: the reference's
 * {@code resourceclaim-controller}. The claims go with their pods.
 */
public final class ResourceClaimController implements Controller {
    private static final ResourceType<ResourceClaim> CLAIMS = ResourceType.of(ResourceClaim.class);
    private static final ResourceType<ResourceClaimTemplate> TEMPLATES = ResourceType.of(ResourceClaimTemplate.class);
    private static final ResourceType<Pod> PODS = ResourceType.of(Pod.class);
    private static final String CLAIM_OF_POD = "resource.kubernetes.io/pod-claim-name";

    private @Nullable ControlLoop<ObjectKey> loop;

    @Override
    public String name() {
        return "resourceclaim-controller";
    }

    @Override
    public String eventSource() {
        return "resource_claim";
    }

    @Override
    public void start(Context context) {
        Informer<Pod> pods = context.informers().of(PODS);
        Informer<ResourceClaim> claims = Pods.indexed(context.informers().of(CLAIMS));
        ControlLoop<ObjectKey> created = new ControlLoop<>(context.kernel(), name(), 10);
        loop = created.<Pod>watch(pods, (old, now, keys) -> {
                    if (now != null && !now.getSpec().getResourceClaims().isEmpty()) {
                        keys.accept(ObjectKey.of(now));
                    }
                })
                .uses(context.informers().of(TEMPLATES))
                .watch(claims, KeyMapper.each(ResourceClaimController::podOf))
                .start(key -> {
                    Pod pod = pods.find(key).orElse(null);
                    if (pod != null && !Pods.isTerminating(pod) && !Pods.isTerminal(pod)) {
                        sync(context, created, claims, key, pod);
                    }
                    return Result.done();
                });
    }

    private static List<ObjectKey> podOf(ResourceClaim claim) {
        return OwnerReferences.controllerOf(claim)
                .filter(owner -> "Pod".equals(owner.getKind()))
                .map(owner -> List.of(new ObjectKey(claim.getMetadata().getNamespace(), owner.getName())))
                .orElse(List.of());
    }

    private static void sync(
            Context context, ControlLoop<ObjectKey> loop, Informer<ResourceClaim> claims, ObjectKey key, Pod pod) {
        ArrayNode statuses = Json.object().putArray("statuses");
        boolean isNew = false;
        for (PodResourceClaim wanted : pod.getSpec().getResourceClaims()) {
            if (wanted.getResourceClaimTemplateName() == null) {
                continue;
            }
            String known = told(pod, wanted.getName());
            String name = known != null
                    ? known
                    : find(claims, pod, wanted.getName())
                            .orElseGet(() -> make(context, loop, claims, key, pod, wanted));
            isNew |= known == null;
            statuses.addObject().put("name", wanted.getName()).put("resourceClaimName", name);
        }
        if (isNew) {
            ObjectNode body = Json.object();
            body.putObject("metadata").put("uid", pod.getMetadata().getUid());
            body.putObject("status").set("resourceClaimStatuses", statuses);
            context.client().patch(PODS, key.namespace(), key.name(), Patch.strategic(body), "status");
        }
    }

    private static @Nullable String told(Pod pod, String claim) {
        if (pod.getStatus() != null) {
            for (PodResourceClaimStatus status : pod.getStatus().getResourceClaimStatuses()) {
                if (claim.equals(status.getName())) {
                    return status.getResourceClaimName();
                }
            }
        }
        return null;
    }

    /** The claim that was made for a pod before, though the pod was not told. */
    private static Optional<String> find(Informer<ResourceClaim> claims, Pod pod, String claim) {
        return claims.byIndex(Pods.BY_CONTROLLER, pod.getMetadata().getUid()).stream()
                .filter(each -> each.getMetadata().getAnnotations() != null
                        && claim.equals(each.getMetadata().getAnnotations().get(CLAIM_OF_POD)))
                .map(each -> each.getMetadata().getName())
                .sorted()
                .findFirst();
    }

    private static String make(
            Context context,
            ControlLoop<ObjectKey> loop,
            Informer<ResourceClaim> claims,
            ObjectKey key,
            Pod pod,
            PodResourceClaim wanted) {
        try {
            String name = wanted.getResourceClaimTemplateName();
            ResourceClaimTemplateSpec template = context.informers()
                    .of(TEMPLATES)
                    .find(key.namespace(), name)
                    .orElseThrow(() -> StatusException.notFound(TEMPLATES.group(), TEMPLATES.plural(), name))
                    .getSpec();
            ObjectMeta metadata = template.getMetadata() == null ? new ObjectMeta() : template.getMetadata();
            OwnerReference owner = OwnerReferences.controlledBy(pod)
                    .edit()
                    .withBlockOwnerDeletion(null)
                    .build();
            ResourceClaim made = context.client()
                    .create(new ResourceClaimBuilder()
                            .withNewMetadata()
                            .withGenerateName(pod.getMetadata().getName() + "-" + wanted.getName() + "-")
                            .withNamespace(key.namespace())
                            .withLabels(metadata.getLabels())
                            .withAnnotations(metadata.getAnnotations())
                            .addToAnnotations(CLAIM_OF_POD, wanted.getName())
                            .withOwnerReferences(owner)
                            .endMetadata()
                            .withSpec(template.getSpec())
                            .build());
            loop.wrote(key, claims, made);
            return made.getMetadata().getName();
        } catch (StatusException e) {
            context.events()
                    .warning(
                            pod,
                            "FailedResourceClaimCreation",
                            "PodResourceClaim %s: %s".formatted(wanted.getName(), e.getMessage()));
            throw e;
        }
    }

    @Override
    public void close() {
        if (loop != null) {
            loop.close();
        }
    }
}
