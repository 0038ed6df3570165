package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableSet;
import dev.amphora.api.FieldError;
import java.util.List;

/**
 * The skeleton of a built-in kind's strategy: metadata first, then what {@link #rules} or {@link #updateRules} say, as the reference
 * orders its errors. A kind overrides what it does differently.
 */
class KindStrategy implements Strategy {

    /** In what many kinds differ from the rest. */
    enum Trait {
        /** New objects start with {@code metadata.generation} 1. */
        GENERATION,
        /** A PUT may create the object. */
        CREATED_BY_UPDATE,
        /** A PUT must say which version it changes. */
        VERSION_NEEDED,
        /** DELETE answers with the object. */
        DELETE_RETURNS_OBJECT
    }

    private final ImmutableSet<Trait> traits;

    KindStrategy(Trait... traits) {
        this.traits = ImmutableSet.copyOf(traits);
    }

    @Override
    public boolean hasGeneration() {
        return traits.contains(Trait.GENERATION);
    }

    @Override
    public boolean createOnUpdate() {
        return traits.contains(Trait.CREATED_BY_UPDATE);
    }

    @Override
    public boolean unconditionalUpdate() {
        return !traits.contains(Trait.VERSION_NEEDED);
    }

    @Override
    public boolean deleteReturnsObject() {
        return traits.contains(Trait.DELETE_RETURNS_OBJECT);
    }

    @Override
    public void dropDisabledFields(ObjectNode object) {
        PodFeatures.dropDisabled(object);
    }

    /** What is wrong with a name, or with the prefix of one. */
    List<String> names(String name) {
        return Names.subdomain(name);
    }

    /** What is wrong with a name where that depends on the rest of the object. */
    List<String> names(Fields object, String name) {
        return names(name);
    }

    /** What an object must look like, beyond its metadata. */
    void rules(Fields object) {}

    /** What a new object must look like, beyond its metadata. */
    void createRules(Fields object) {
        rules(object);
    }

    /** What a changed object must look like, metadata included. */
    void updateRules(Fields object, ObjectNode old) {
        metadataUpdate(object, old);
        rules(object);
    }

    /** What a changed status must look like, metadata included. */
    void statusUpdateRules(Fields object, ObjectNode old) {
        metadataUpdate(object, old);
    }

    /** Whether a new object's metadata is checked before all else, rather than only if nothing else is wrong. */
    boolean startsWithMetadata() {
        return true;
    }

    /** The rules of metadata. */
    final void metadata(Fields object) {
        MetadataRules.check(object.at("metadata"), name -> names(object, name));
    }

    /** What may not change in metadata. */
    final void metadataUpdate(Fields object, ObjectNode old) {
        MetadataRules.checkUpdate(object.at("metadata"), old.path("metadata"));
        MetadataRules.knownFinalizers(object.at("metadata"));
    }

    @Override
    public final List<FieldError> validate(ObjectNode object) {
        Fields fields = Fields.of(object);
        if (startsWithMetadata()) {
            metadata(fields);
        }
        createRules(fields);
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
        MetadataRules.general(fields.at("metadata"), old.path("metadata"), Names::pathSegment);
        MetadataRules.checkUpdate(fields.at("metadata"), old.path("metadata"));
        return fields;
    }
}
