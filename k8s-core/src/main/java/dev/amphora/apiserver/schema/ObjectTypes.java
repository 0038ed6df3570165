package dev.amphora.apiserver.schema;

/** Types of whole objects. */
public final class ObjectTypes {
    private static final String METADATA = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

    private ObjectTypes() {}

    /**
     * The type of whole objects of a kind: the schema of a custom kind with what every object has, whatever the schema says of it.
     * Types of built-in kinds are whole already.
     */
    public static TypeSchema complete(TypeSchema type) {
        if (!type.name().isEmpty() || type.kind() != TypeSchema.Kind.OBJECT) {
            return type;
        }
        TypeSchema text = TypeSchema.builder("", TypeSchema.Kind.STRING).build();
        TypeSchema.Builder whole = TypeSchema.builder("", TypeSchema.Kind.OBJECT)
                .preserveUnknownFields(type.preserveUnknownFields())
                .atomic(type.atomic())
                .openApi(type::openApi)
                .field(FieldSchema.builder("apiVersion", () -> text).build())
                .field(FieldSchema.builder("kind", () -> text).build())
                .field(FieldSchema.builder(
                                "metadata", () -> BuiltInDefinitions.instance().definition(METADATA))
                        .build());
        type.fields().forEach((name, field) -> {
            if (!name.equals("apiVersion") && !name.equals("kind") && !name.equals("metadata")) {
                whole.field(field);
            }
        });
        return whole.build();
    }
}
