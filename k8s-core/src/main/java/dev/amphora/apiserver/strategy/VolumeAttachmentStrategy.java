package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;

/** Volume attachments: the wish to have a volume at a node, and whether it is there. */
final class VolumeAttachmentStrategy extends KindStrategy {
    /** In bytes; also named where a message is too long. */
    private static final int LARGEST_METADATA = 256 << 10;

    private static final int LONGEST_MESSAGE = 1024;

    VolumeAttachmentStrategy() {
        super(Trait.VERSION_NEEDED, Trait.DELETE_RETURNS_OBJECT);
    }

    @Override
    public void setDefaults(ObjectNode object) {
        for (Map.Entry<String, JsonNode> member :
                object.path("spec").path("source").path("inlineVolumeSpec").properties()) {
            if (member.getValue() instanceof ObjectNode source) {
                PodDefaults.storage(member.getKey(), source);
            }
        }
    }

    @Override
    void statusUpdateRules(Fields attachment, ObjectNode old) {
        metadataUpdate(attachment, old);
        Fields attached = attachment.at("status", "attachmentMetadata");
        int size = 0;
        for (String key : attached.keys()) {
            size += Names.bytes(key) + Names.bytes(attached.key(key).text());
        }
        if (size > LARGEST_METADATA) {
            attached.tooLong(LARGEST_METADATA);
        }
        for (String field : List.of("attachError", "detachError")) {
            Fields message = attachment.at("status", field, "message");
            if (Names.bytes(message.text()) > LONGEST_MESSAGE) {
                message.tooLong(LARGEST_METADATA);
            }
            Fields code = attachment.at("status", field, "errorCode");
            if (code.given()) {
                code.between(0, Integer.MAX_VALUE);
            }
        }
    }

    @Override
    public void prepareForCreate(ObjectNode object) {
        object.remove("status");
        object.putObject("status").put("attached", false);
    }

    /** All metadata stays as it was. */
    @Override
    public void prepareForStatusUpdate(ObjectNode object, ObjectNode old) {
        Strategies.keepAllButStatus(object, old);
        JsonNode version = object.path("metadata").path("resourceVersion");
        Strategies.keep(object, old, "metadata");
        Strategies.metadata(object).set("resourceVersion", version);
    }

    @Override
    void rules(Fields attachment) {
        Fields spec = attachment.at("spec");
        StorageRules.driverName(spec.at("attacher"));
        Fields source = spec.at("source");
        Fields name = source.at("persistentVolumeName");
        Fields inline = source.at("inlineVolumeSpec");
        if (name.given() && inline.given()) {
            source.forbidden("must specify exactly one of inlineVolumeSpec and persistentVolumeName");
        } else if (!name.given() && !inline.given()) {
            source.required("must specify exactly one of inlineVolumeSpec and persistentVolumeName");
        } else if (inline.given()) {
            PersistentVolumeRules.spec(inline, true);
        } else {
            name.requireText("must specify non empty persistentVolumeName");
            name.check(Names::subdomain);
        }
        spec.at("nodeName").check(Names::subdomain);
    }

    @Override
    void updateRules(Fields attachment, ObjectNode old) {
        metadata(attachment);
        rules(attachment);
        Fields spec = attachment.at("spec");
        if (!Strategies.same(spec.value(), old.path("spec"))) {
            spec.invalid(GoForm.of(spec.value(), "storage.v1.VolumeAttachmentSpec"), "field is immutable");
        }
    }
}
