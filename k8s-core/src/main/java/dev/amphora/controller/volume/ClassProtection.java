package dev.amphora.controller.volume;

import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.client.Informer;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.KeyMapper;
import dev.amphora.controller.Pods;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.storage.VolumeAttributesClass;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a VolumeAttributesClass that is being deleted until no claim and no volume names it: the reference's
 * {@code volumeattributesclass-protection-controller}.
 */
public final class ClassProtection implements Controller {
    private static final String FINALIZER = "kubernetes.io/vac-protection";
    private static final String BY_CLASS = "attributes-class";

    private @Nullable ControlLoop<String> loop;

    @Override
    public String name() {
        return "volumeattributesclass-protection-controller";
    }

    @Override
    public void start(Context context) {
        Informer<VolumeAttributesClass> classes = context.informers().of(VolumeAttributesClass.class);
        Informer<PersistentVolumeClaim> claims = context.informers().of(PersistentVolumeClaim.class);
        Informer<PersistentVolume> volumes = context.informers().of(PersistentVolume.class);
        claims.addIndex(BY_CLASS, ClassProtection::classesOf);
        volumes.addIndex(BY_CLASS, ClassProtection::classesOf);
        ControlLoop<String> created = new ControlLoop<>(context.kernel(), name(), 1);
        loop = created.watch(classes, KeyMapper.self(each -> each.getMetadata().getName()))
                .<PersistentVolumeClaim>watch(claims, (old, now, keys) -> {
                    if (old != null) {
                        classesOf(old).forEach(keys);
                    }
                })
                .<PersistentVolume>watch(volumes, (old, now, keys) -> {
                    if (old != null) {
                        classesOf(old).forEach(keys);
                    }
                })
                .start(name -> {
                    VolumeAttributesClass object = classes.find("", name).orElse(null);
                    if (object == null) {
                        return Result.done();
                    }
                    boolean isKept = object.getMetadata().getFinalizers().contains(FINALIZER);
                    if (Pods.isTerminating(object)) {
                        if (isKept
                                && claims.byIndex(BY_CLASS, name).isEmpty()
                                && volumes.byIndex(BY_CLASS, name).isEmpty()) {
                            write(context, object, all -> all.filter(each -> !each.equals(FINALIZER)));
                        }
                    } else if (!isKept) {
                        write(context, object, all -> Stream.concat(all, Stream.of(FINALIZER)))
                                .ifPresent(written -> created.wrote(name, classes, written));
                    }
                    return Result.done();
                });
    }

    private static List<String> classesOf(PersistentVolumeClaim claim) {
        List<String> classes = new ArrayList<>();
        add(classes, claim.getSpec().getVolumeAttributesClassName());
        if (claim.getStatus() != null) {
            add(classes, claim.getStatus().getCurrentVolumeAttributesClassName());
            if (claim.getStatus().getModifyVolumeStatus() != null) {
                add(classes, claim.getStatus().getModifyVolumeStatus().getTargetVolumeAttributesClassName());
            }
        }
        return classes;
    }

    private static List<String> classesOf(PersistentVolume volume) {
        List<String> classes = new ArrayList<>();
        add(classes, volume.getSpec().getVolumeAttributesClassName());
        return classes;
    }

    private static void add(List<String> classes, @Nullable String name) {
        if (name != null && !name.isEmpty() && !classes.contains(name)) {
            classes.add(name);
        }
    }

    private static Optional<VolumeAttributesClass> write(
            Context context, VolumeAttributesClass object, UnaryOperator<Stream<String>> change) {
        VolumeAttributesClass changed = Json.copy(object);
        changed.getMetadata()
                .setFinalizers(change.apply(object.getMetadata().getFinalizers().stream())
                        .toList());
        try {
            return Optional.of(context.client().update(changed));
        } catch (StatusException e) {
            if (e.isNotFound()) {
                return Optional.empty();
            }
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
