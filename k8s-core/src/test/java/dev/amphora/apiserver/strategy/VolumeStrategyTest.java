package dev.amphora.apiserver.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Persistent volumes, claims and attachments")
final class VolumeStrategyTest {
    private static final String VOLUME =
            "{'metadata':{'name':'v'},'spec':{'accessModes':['ReadWriteOnce'],'capacity':{'storage':'1Gi'}%s}}";
    private static final String CLAIM =
            "{'metadata':{'name':'c'},'spec':{'accessModes':['ReadWriteOnce'],'resources':{'requests':{'storage':'%s'}}%s}}";

    private static String volume(String more) {
        return VOLUME.formatted(more);
    }

    private static String claim(String size, String more) {
        return CLAIM.formatted(size, more);
    }

    @Test
    void aVolumeIsRetainedUnlessToldOtherwise() {
        assertThat(Kinds.created("", "persistentvolumes", volume(",'hostPath':{'path':'/x'}"))
                        .at("/spec/persistentVolumeReclaimPolicy")
                        .asText())
                .isEqualTo("Retain");
        assertThat(Kinds.warnings(
                        "",
                        "persistentvolumes",
                        volume(",'hostPath':{'path':'/x'},'persistentVolumeReclaimPolicy':'Recycle'")))
                .singleElement()
                .asString()
                .startsWith("spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated.");
    }

    @Test
    void aVolumeIsOfOneType() {
        assertThat(Kinds.errors("", "persistentvolumes", volume("")))
                .containsExactly("spec: Required value: must specify a volume type");
        assertThat(Kinds.errors(
                        "", "persistentvolumes", volume(",'hostPath':{'path':'/x'},'nfs':{'server':'s','path':'/p'}")))
                .containsExactly("spec.nfs: Forbidden: may not specify more than 1 volume type");
    }

    @Test
    void anUnboundClaimStaysAsItIs() {
        assertThat(Kinds.updateErrors("", "persistentvolumeclaims", claim("1Gi", ""), claim("1Gi", "")))
                .isEmpty();
        assertThat(Kinds.updateErrors(
                        "", "persistentvolumeclaims", claim("1Gi", ",'storageClassName':'a'"), claim("2Gi", "")))
                .singleElement()
                .asString()
                .startsWith("spec: Forbidden: spec is immutable after creation except");
    }

    @Test
    void aClaimWithoutClassMayGetOneLater() {
        assertThat(Kinds.updateErrors(
                        "", "persistentvolumeclaims", claim("1Gi", ""), claim("1Gi", ",'storageClassName':'a'")))
                .isEmpty();
    }

    @Test
    void anAttachmentNamesOneSource() {
        String attachment = "{'metadata':{'name':'a'},'spec':{'attacher':'d','nodeName':'n','source':{%s}}}";

        assertThat(Kinds.errors("storage.k8s.io", "volumeattachments", attachment.formatted("")))
                .containsExactly(
                        "spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName");
        assertThat(Kinds.errors(
                        "storage.k8s.io", "volumeattachments", attachment.formatted("'persistentVolumeName':'v'")))
                .isEmpty();
    }
}
