package dev.amphora.apiserver.policy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.apiserver.access.Authorizer;
import dev.amphora.apiserver.access.ObjectReader;
import dev.amphora.apiserver.admission.AdmissionPlugin;
import dev.amphora.apiserver.admission.AdmissionRequest;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/** What the evaluation of policies needs of the server, and the plugins that do it. */
public final class Policies {
    /** The group of policies and their bindings. */
    static final String GROUP = "admissionregistration.k8s.io";

    private final ObjectReader objects;
    private final Supplier<SchemaCatalogue> catalogue;
    private final Authorizer authorizer;
    private final BiConsumer<AdmissionRequest, ObjectNode> defaults;

    /**
     * The surroundings of policies.
     *
     * @param objects where policies, bindings, parameters and namespaces are
     * @param catalogue the kinds that are served now
     * @param authorizer answers what expressions ask
     * @param defaults gives the object of a request its defaults
     */
    public Policies(
            ObjectReader objects,
            Supplier<SchemaCatalogue> catalogue,
            Authorizer authorizer,
            BiConsumer<AdmissionRequest, ObjectNode> defaults) {
        this.objects = objects;
        this.catalogue = catalogue;
        this.authorizer = authorizer;
        this.defaults = defaults;
    }

    /** Refuses what validating policies don't allow. */
    public AdmissionPlugin validating() {
        return new ValidatingPolicies(this);
    }

    /** Changes what mutating policies are for. */
    public AdmissionPlugin mutating() {
        return new MutatingPolicies(this);
    }

    /** Where objects are read. */
    public ObjectReader objects() {
        return objects;
    }

    SchemaCatalogue catalogue() {
        return catalogue.get();
    }

    Authorizer authorizer() {
        return authorizer;
    }

    void setDefaults(AdmissionRequest request, ObjectNode object) {
        defaults.accept(request, object);
    }

    /** Whether policies have no say: they don't rule over themselves, nor over questions about who may do what. */
    static boolean isExempt(AdmissionRequest request) {
        return switch (request.group()) {
            case GROUP ->
                switch (request.resource()) {
                    case "validatingadmissionpolicies",
                            "validatingadmissionpolicybindings",
                            "mutatingadmissionpolicies",
                            "mutatingadmissionpolicybindings" -> true;
                    default -> false;
                };
            case "authentication.k8s.io", "authorization.k8s.io" ->
                request.resource().endsWith("reviews");
            default -> false;
        };
    }
}
