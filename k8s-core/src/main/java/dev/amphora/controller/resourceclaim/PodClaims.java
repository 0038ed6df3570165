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
import dev.amphora.controller.Controller.Context;
import dev.amphora.controller.Pods;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodResourceClaim;
import io.fabric8.kubernetes.api.model.PodResourceClaimStatus;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimConsumerReference;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimConsumerReferenceBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimTemplate;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimTemplateSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Makes claims for pods, and reserves claims for pods that came to a node without a scheduler. */
final class PodClaims {
    static final String CLAIM_OF_POD = "resource.kubernetes.io/pod-claim-name";
    private static final ResourceType<ResourceClaim> CLAIMS = ResourceType.of(ResourceClaim.class);
    private static final ResourceType<ResourceClaimTemplate> TEMPLATES = ResourceType.of(ResourceClaimTemplate.class);
    private static final ResourceType<Pod> PODS = ResourceType.of(Pod.class);
    private static final String BY_NAMED_CLAIM = "named-resource-claim";
    private static final int MOST_CONSUMERS = 256;
    private static final int LONGEST_BASE = 57;

    final Informer<Pod> pods;
    final Informer<ResourceClaim> claims;
    final Informer<ResourceClaimTemplate> templates;
    private final Context context;
    private final ControlLoop<ResourceClaimController.Key> loop;

    PodClaims(Context context, ControlLoop<ResourceClaimController.Key> loop) {
        this.context = context;
        this.loop = loop;
        this.pods = context.informers().of(PODS);
        this.claims = Pods.indexed(context.informers().of(CLAIMS));
        this.templates = context.informers().of(TEMPLATES);
        pods.addIndex(BY_NAMED_CLAIM, pod -> pod.getSpec().getResourceClaims().stream()
                .filter(each -> each.getResourceClaimName() != null)
                .map(each -> new ObjectKey(pod.getMetadata().getNamespace(), each.getResourceClaimName()).toString())
                .toList());
    }

    /** Whether a pod has ended, or will never begin. */
    static boolean isDone(Pod pod) {
        return Pods.isTerminal(pod) || Pods.isTerminating(pod) && !Pods.isAssigned(pod);
    }

    /** The claims of a pod, as far as they have names. */
    static Stream<String> namesOf(Pod pod) {
        return pod.getSpec().getResourceClaims().stream()
                .flatMap(each -> each.getResourceClaimName() != null
                        ? Stream.of(each.getResourceClaimName())
                        : Stream.ofNullable(told(pod, each.getName())))
                .filter(name -> !name.isEmpty());
    }

    /** The pods that a claim was made for, or that name it. */
    List<ObjectKey> podsOf(ResourceClaim claim) {
        List<ObjectKey> keys = new ArrayList<>();
        ownerOf(claim)
                .map(owner -> new ObjectKey(claim.getMetadata().getNamespace(), owner.getName()))
                .ifPresent(keys::add);
        if (claim.getStatus() != null && claim.getStatus().getAllocation() != null) {
            pods.byIndex(BY_NAMED_CLAIM, ObjectKey.of(claim).toString()).forEach(pod -> keys.add(ObjectKey.of(pod)));
        }
        return keys;
    }

    static Optional<OwnerReference> ownerOf(ResourceClaim claim) {
        return OwnerReferences.controllerOf(claim).filter(owner -> "Pod".equals(owner.getKind()));
    }

    void sync(ResourceClaimController.Key key) {
        Pod pod = pods.find(key.object()).orElse(null);
        if (pod == null || Pods.isTerminating(pod) || Pods.isTerminal(pod)) {
            return;
        }
        ArrayNode statuses = Json.object().putArray("statuses");
        List<String> names = new ArrayList<>();
        boolean isNew = false;
        for (PodResourceClaim wanted : pod.getSpec().getResourceClaims()) {
            if (wanted.getResourceClaimTemplateName() == null) {
                if (wanted.getResourceClaimName() != null) {
                    names.add(wanted.getResourceClaimName());
                }
                continue;
            }
            String known = told(pod, wanted.getName());
            String name = known != null && isMadeFor(pod, known)
                    ? known
                    : find(pod, wanted.getName()).orElseGet(() -> make(key, pod, wanted));
            isNew |= !name.equals(known);
            names.add(name);
            statuses.addObject().put("name", wanted.getName()).put("resourceClaimName", name);
        }
        if (isNew) {
            ObjectNode body = Json.object();
            body.putObject("metadata").put("uid", pod.getMetadata().getUid());
            body.putObject("status").set("resourceClaimStatuses", statuses);
            context.client()
                    .patch(PODS, key.object().namespace(), key.object().name(), Patch.strategic(body), "status");
        }
        if (Pods.isAssigned(pod)) {
            names.forEach(name -> reserve(key, pod, name));
        }
    }

    /** Whether a claim that a pod was told of is there, and the pod's: one that somebody deleted is made again. */
    private boolean isMadeFor(Pod pod, String name) {
        return name.isEmpty()
                || claims.find(pod.getMetadata().getNamespace(), name)
                        .filter(claim -> OwnerReferences.isControlledBy(claim, pod))
                        .isPresent();
    }

    static @Nullable String told(Pod pod, String claim) {
        if (pod.getStatus() != null) {
            for (PodResourceClaimStatus status : pod.getStatus().getResourceClaimStatuses()) {
                if (claim.equals(status.getName())) {
                    return status.getResourceClaimName() == null ? "" : status.getResourceClaimName();
                }
            }
        }
        return null;
    }

    /** The claim that was made for a pod before, though the pod was not told. */
    private Optional<String> find(Pod pod, String claim) {
        return claims.byIndex(Pods.BY_CONTROLLER, pod.getMetadata().getUid()).stream()
                .filter(each -> each.getMetadata().getAnnotations() != null
                        && claim.equals(each.getMetadata().getAnnotations().get(CLAIM_OF_POD)))
                .map(each -> each.getMetadata().getName())
                .sorted()
                .findFirst();
    }

    private String make(ResourceClaimController.Key key, Pod pod, PodResourceClaim wanted) {
        try {
            String name = wanted.getResourceClaimTemplateName();
            ResourceClaimTemplateSpec template = templates
                    .find(key.object().namespace(), name)
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
                            .withGenerateName(baseName(pod.getMetadata().getName(), wanted.getName()))
                            .withNamespace(key.object().namespace())
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

    /** What a claim's name begins with: of both names a part that is in proportion, if they are too long. */
    static String baseName(String pod, String claim) {
        int length = pod.length() + claim.length() + 2;
        return length <= LONGEST_BASE
                ? pod + "-" + claim + "-"
                : pod.substring(0, pod.length() * LONGEST_BASE / length)
                        + "-"
                        + claim.substring(0, claim.length() * LONGEST_BASE / length);
    }

    private void reserve(ResourceClaimController.Key key, Pod pod, String name) {
        ResourceClaim claim = claims.find(key.object().namespace(), name).orElse(null);
        if (claim == null || claim.getStatus() == null || claim.getStatus().getAllocation() == null) {
            return;
        }
        List<ResourceClaimConsumerReference> consumers = claim.getStatus().getReservedFor();
        if (consumers.size() >= MOST_CONSUMERS
                || consumers.stream()
                        .anyMatch(each -> pod.getMetadata().getUid().equals(each.getUid()))) {
            return;
        }
        List<ResourceClaimConsumerReference> more = new ArrayList<>(consumers);
        more.add(new ResourceClaimConsumerReferenceBuilder()
                .withResource("pods")
                .withName(pod.getMetadata().getName())
                .withUid(pod.getMetadata().getUid())
                .build());
        loop.wrote(
                key,
                claims,
                context.client()
                        .updateStatus(new ResourceClaimBuilder(claim)
                                .editStatus()
                                .withReservedFor(more)
                                .endStatus()
                                .build()));
    }
}
