package dev.amphora.controller.volume;

import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.Informer;
import dev.amphora.client.ObjectKey;
import dev.amphora.client.OwnerReferences;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.KeyMapper;
import dev.amphora.controller.Pods;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimTemplate;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Volume;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes the claims of generic ephemeral volumes, which go with their pods: the reference's {@code ephemeral-volume-controller}. */
public final class EphemeralVolumeController implements Controller {
    private static final ResourceType<PersistentVolumeClaim> CLAIMS = ResourceType.of(PersistentVolumeClaim.class);

    private @Nullable ControlLoop<ObjectKey> loop;

    @Override
    public String name() {
        return "ephemeral-volume-controller";
    }

    @Override
    public String eventSource() {
        return "ephemeral_volume";
    }

    @Override
    public void start(Context context) {
        Informer<Pod> pods = context.informers().of(Pod.class);
        Informer<PersistentVolumeClaim> claims = context.informers().of(CLAIMS);
        ControlLoop<ObjectKey> created = new ControlLoop<>(context.kernel(), name(), 5);
        loop = created.<Pod>watch(pods, (old, now, keys) -> {
                    if (now != null && !Pods.isTerminating(now) && hasEphemeral(now)) {
                        keys.accept(ObjectKey.of(now));
                    }
                })
                .watch(claims, KeyMapper.each(EphemeralVolumeController::podOf))
                .start(key -> {
                    Pod pod = pods.find(key).orElse(null);
                    if (pod == null || Pods.isTerminating(pod)) {
                        return Result.done();
                    }
                    for (Volume volume : pod.getSpec().getVolumes()) {
                        if (volume.getEphemeral() != null) {
                            ensure(context, created, claims, pod, volume);
                        }
                    }
                    return Result.done();
                });
    }

    private static boolean hasEphemeral(Pod pod) {
        return pod.getSpec().getVolumes().stream().anyMatch(volume -> volume.getEphemeral() != null);
    }

    private static List<ObjectKey> podOf(PersistentVolumeClaim claim) {
        return OwnerReferences.controllerOf(claim)
                .filter(owner -> "Pod".equals(owner.getKind()))
                .map(owner -> List.of(new ObjectKey(claim.getMetadata().getNamespace(), owner.getName())))
                .orElse(List.of());
    }

    private static void ensure(
            Context context,
            ControlLoop<ObjectKey> loop,
            Informer<PersistentVolumeClaim> claims,
            Pod pod,
            Volume volume) {
        String namespace = pod.getMetadata().getNamespace();
        String name = pod.getMetadata().getName() + "-" + volume.getName();
        PersistentVolumeClaim present = claims.find(namespace, name).orElse(null);
        if (present != null) {
            if (!OwnerReferences.isControlledBy(present, pod)) {
                String why = "PVC %s/%s was not created for pod %s/%s (pod is not owner)"
                        .formatted(namespace, name, namespace, pod.getMetadata().getName());
                context.events()
                        .warning(pod, "FailedBinding", "ephemeral volume %s: %s".formatted(volume.getName(), why));
                throw StatusException.conflict("", CLAIMS.plural(), name, why);
            }
            return;
        }
        PersistentVolumeClaimTemplate template = volume.getEphemeral().getVolumeClaimTemplate();
        ObjectMeta metadata = template.getMetadata() == null ? new ObjectMeta() : template.getMetadata();
        PersistentVolumeClaim claim = new PersistentVolumeClaimBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace(namespace)
                .withLabels(metadata.getLabels())
                .withAnnotations(metadata.getAnnotations())
                .withOwnerReferences(OwnerReferences.controlledBy(pod))
                .endMetadata()
                .withSpec(template.getSpec())
                .build();
        try {
            loop.wrote(ObjectKey.of(pod), claims, context.client().create(claim));
        } catch (StatusException e) {
            context.events()
                    .warning(
                            pod,
                            "FailedBinding",
                            "ephemeral volume %s: %s".formatted(volume.getName(), e.getMessage()));
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
