package dev.amphora.apiserver.schema;

import com.google.common.base.Suppliers;
import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableIntArray;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One field of an object type: its type, and how it is patched, left out and encoded. Immutable. */
public final class FieldSchema {
    private final String name;
    private final Supplier<TypeSchema> type;
    private final boolean required;
    private final boolean pointer;
    private final boolean omitEmpty;
    private final boolean omitZero;
    private final String goType;
    private final ImmutableIntArray protoPath;
    private final String embeddedIn;
    private final @Nullable String patchMergeKey;
    private final ImmutableList<String> patchStrategies;
    private final Supplier<Boolean> alwaysWritten;

    private FieldSchema(Builder builder) {
        name = builder.name;
        type = builder.type;
        required = builder.required;
        pointer = builder.pointer;
        omitEmpty = builder.omitEmpty;
        omitZero = builder.omitZero;
        goType = builder.goType;
        protoPath = builder.protoPath;
        embeddedIn = builder.embeddedIn;
        patchMergeKey = builder.patchMergeKey;
        patchStrategies = builder.patchStrategies;
        alwaysWritten = Suppliers.memoize(this::isWrittenWhenAbsent);
    }

    /** A field whose type is resolved when it is first asked for, so that types may contain themselves. */
    public static Builder builder(String name, Supplier<TypeSchema> type) {
        return new Builder(name, Suppliers.memoize(type::get));
    }

    /** The name in JSON. */
    public String name() {
        return name;
    }

    /** The type of the value. */
    public TypeSchema type() {
        return type.get();
    }

    /** Whether the schema lists the field as required. Built-in kinds leave checking this to validation. */
    public boolean required() {
        return required;
    }

    /** Whether the reference tells "absent" from "zero" here. */
    public boolean pointer() {
        return pointer;
    }

    /** Whether an empty string, list or map, a zero or a false is left out when written. */
    public boolean omitEmpty() {
        return omitEmpty;
    }

    /** Whether a zero structure is left out when written. */
    public boolean omitZero() {
        return omitZero;
    }

    /** Whether the reference writes the field even when it is absent. */
    boolean alwaysWritten() {
        return alwaysWritten.get();
    }

    private boolean isWrittenWhenAbsent() {
        if (goType.isEmpty() || omitZero) {
            return false;
        }
        if (!omitEmpty) {
            return true;
        }
        // A structure is never empty, whatever its tag says.
        return switch (type().kind()) {
            case OBJECT, TIME, MICRO_TIME, QUANTITY, INT_OR_STRING, RAW_OBJECT -> !pointer;
            default -> false;
        };
    }

    /** The type as decoding errors name it, such as {@code []v1.Container}; empty if unknown. */
    public String goType() {
        return goType;
    }

    /**
     * The protocol field number; preceded by the numbers of the messages that hold it, where JSON has no such nesting. Empty if
     * the field does not exist on the wire.
     */
    public ImmutableIntArray protoPath() {
        return protoPath;
    }

    /**
     * The structures that hold the field in the reference's own types, joined by dots, where JSON has no such nesting; decoding
     * errors name them. Usually empty.
     */
    public String embeddedIn() {
        return embeddedIn;
    }

    /** The field that identifies an element of this list in a strategic merge patch. */
    public Optional<String> patchMergeKey() {
        return Optional.ofNullable(patchMergeKey);
    }

    /** The strategies of a strategic merge patch: {@code merge}, {@code retainKeys}, {@code replace}; empty for the default. */
    public List<String> patchStrategies() {
        return patchStrategies;
    }

    @Override
    public String toString() {
        return name;
    }

    /** Collects what is known of a field. */
    public static final class Builder {
        private final String name;
        private final Supplier<TypeSchema> type;
        private boolean required;
        private boolean pointer;
        private boolean omitEmpty;
        private boolean omitZero;
        private String goType = "";
        private ImmutableIntArray protoPath = ImmutableIntArray.of();
        private String embeddedIn = "";
        private @Nullable String patchMergeKey;
        private ImmutableList<String> patchStrategies = ImmutableList.of();

        private Builder(String name, Supplier<TypeSchema> type) {
            this.name = name;
            this.type = type;
        }

        /** See {@link FieldSchema#required()}. */
        public Builder required(boolean value) {
            required = value;
            return this;
        }

        /** See {@link FieldSchema#pointer()}, {@link FieldSchema#omitEmpty()}, {@link FieldSchema#omitZero()}. */
        public Builder presence(boolean isPointer, boolean omitsEmpty, boolean omitsZero) {
            pointer = isPointer;
            omitEmpty = omitsEmpty;
            omitZero = omitsZero;
            return this;
        }

        /** See {@link FieldSchema#goType()}. */
        public Builder goType(String value) {
            goType = value;
            return this;
        }

        /** See {@link FieldSchema#protoPath()}. */
        public Builder protoPath(int... numbers) {
            protoPath = ImmutableIntArray.copyOf(numbers);
            return this;
        }

        /** See {@link FieldSchema#embeddedIn()}. */
        public Builder embeddedIn(String value) {
            embeddedIn = value;
            return this;
        }

        /** See {@link FieldSchema#patchMergeKey()}. */
        public Builder patchMergeKey(@Nullable String value) {
            patchMergeKey = value;
            return this;
        }

        /** See {@link FieldSchema#patchStrategies()}. */
        public Builder patchStrategies(List<String> values) {
            patchStrategies = ImmutableList.copyOf(values);
            return this;
        }

        /** The field. */
        public FieldSchema build() {
            return new FieldSchema(this);
        }
    }
}
