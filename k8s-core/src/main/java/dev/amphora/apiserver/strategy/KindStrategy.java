package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import java.util.List;

/**
 * The skeleton of a built-in kind's strategy: metadata first, then what {@link #rules} or {@link #updateRules} say, as the reference
 * orders its errors. A kind overrides what it does differently.
 */
class KindStrategy implements Strategy {

    /** What is wrong with a name, or with the prefix of one. */
    List<String> names(String name) {
        return Names.subdomain(name);
    }

    /** What a new object must look like, beyond its metadata. */
    void rules(Fields object) {}

    /** What a changed object must look like, metadata included. */
    void updateRules(Fields object, ObjectNode old) {
        metadataUpdate(object, old);
        rules(object);
    }

    /** What a changed status must look like, metadata included. */
    void statusUpdateRules(Fields object, ObjectNode old) {
        metadataUpdate(object, old);
    }

    /** The rules of metadata. */
    final void metadata(Fields object) {
        MetadataRules.check(object.at("metadata"), this::names);
    }

    /** What may not change in metadata. */
    final void metadataUpdate(Fields object, ObjectNode old) {
        MetadataRules.checkUpdate(object.at("metadata"), old.path("metadata"));
    }

    @Override
    public final List<FieldError> validate(ObjectNode object) {
        Fields fields = Fields.of(object);
        metadata(fields);
        rules(fields);
        if (fields.errors().isEmpty()) {
            MetadataRules.general(fields.at("metadata"), Names::pathSegment);
        }
        return fields.errors();
    }

    @Override
    public final List<FieldError> validateUpdate(ObjectNode object, ObjectNode old) {
        Fields fields = common(object, old);
        updateRules(fields, old);
        return fields.errors();
    }

    @Override
    public final List<FieldError> validateStatusUpdate(ObjectNode object, ObjectNode old) {
        Fields fields = common(object, old);
        statusUpdateRules(fields, old);
        return fields.errors();
    }

    private static Fields common(ObjectNode object, ObjectNode old) {
        Fields fields = Fields.of(object);
        MetadataRules.general(fields.at("metadata"), Names::pathSegment);
        MetadataRules.checkUpdate(fields.at("metadata"), old.path("metadata"));
        return fields;
    }
}
