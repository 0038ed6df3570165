package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.apiserver.admission.Forms;
import dev.amphora.apiserver.customresource.DefinedVersion;
import dev.amphora.apiserver.schema.BodyDecoder;
import dev.amphora.apiserver.schema.CompleteForm;
import dev.amphora.apiserver.schema.FieldValidation;
import dev.amphora.apiserver.schema.ResourceInfo;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import dev.amphora.apiserver.strategy.Conversion;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The versions of the objects of one call. What a subresource takes has one version alone. */
final class AdmissionForms implements Forms {
    private static final BodyDecoder DECODER = new BodyDecoder(SchemaCatalogue.builtIn());

    private final Endpoint endpoint;
    private final Endpoints endpoints;
    private final String subresource;

    AdmissionForms(Call call, Endpoints endpoints) {
        this.endpoint = call.endpoint();
        this.endpoints = endpoints;
        this.subresource = call.request().subresource();
    }

    @Override
    public ObjectNode in(ObjectNode object, ResourceInfo version) {
        ResourceInfo.Subresource other = otherKind(version);
        if (other != null) {
            ObjectNode copy = object.deepCopy().put("apiVersion", other.apiVersion());
            copy.put("kind", other.kind());
            return copy;
        }
        Endpoint target = target(version);
        if (endpoint.custom() != null) {
            ObjectNode copy = object.deepCopy();
            if (!target.info().version().equals(endpoint.info().version())) {
                change(endpoint.conversion(), copy, true);
                change(target.conversion(), copy, false);
            }
            return copy;
        }
        ObjectNode complete = CompleteForm.of(object.deepCopy(), endpoint.storedType());
        complete.put("kind", endpoint.stored().kind())
                .put("apiVersion", endpoint.stored().apiVersion());
        if (target.conversion() == null) {
            return complete;
        }
        change(target.conversion(), complete, false);
        return CompleteForm.of(complete, target.type());
    }

    @Override
    public ObjectNode back(JsonNode tree, ResourceInfo version) {
        ResourceInfo.Subresource other = otherKind(version);
        if (other != null) {
            return DECODER.decode(tree, other.group(), other.version(), other.kind(), FieldValidation.IGNORE)
                    .object();
        }
        Endpoint target = target(version);
        DefinedVersion custom = target.custom();
        ObjectNode object;
        if (custom != null) {
            object = DECODER.decodeCustom(tree, target.info(), custom::prune, FieldValidation.IGNORE)
                    .object();
            if (!target.info().version().equals(endpoint.info().version())) {
                change(target.conversion(), object, true);
                change(endpoint.conversion(), object, false);
            }
        } else {
            object = DECODER.decode(tree, version.group(), version.version(), version.kind(), FieldValidation.IGNORE)
                    .object();
            change(target.conversion(), object, true);
        }
        endpoint.strategy().setDefaults(object);
        return object;
    }

    private static void change(@Nullable Conversion conversion, ObjectNode object, boolean toStorage) {
        if (conversion != null && toStorage) {
            conversion.toStorage(object);
        } else if (conversion != null) {
            conversion.fromStorage(object);
        }
    }

    private Endpoint target(ResourceInfo version) {
        return endpoints
                .find(version.group(), version.version(), version.plural())
                .orElse(endpoint);
    }

    /** What the subresource takes; null if that is the kind of the resource itself. */
    private ResourceInfo.@Nullable Subresource otherKind(ResourceInfo version) {
        Optional<ResourceInfo.Subresource> found =
                subresource.isEmpty() ? Optional.empty() : version.subresource(subresource);
        return found.filter(each -> !each.kind().equals(version.kind())).orElse(null);
    }
}
