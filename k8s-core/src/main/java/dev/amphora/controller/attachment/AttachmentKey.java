package dev.amphora.controller.attachment;

/** A volume, or a node whose status tells of its volumes. */
record AttachmentKey(boolean isNode, String name) {
    static AttachmentKey volume(String name) {
        return new AttachmentKey(false, name);
    }

    static AttachmentKey node(String name) {
        return new AttachmentKey(true, name);
    }
}
