package dev.amphora.rest;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a client takes, as the reference understands the {@code Accept} header: the first clause, by quality, that fits one of the formats.
 *
 * @param format how the answer is written
 * @param as what the object is turned into; null to leave it as it is
 * @param pretty whether a clause asked for line breaks
 */
record Accept(Format format, @Nullable As as, boolean pretty) {

    /** The formats, in the order of preference of a client that takes any. */
    enum Format {
        JSON("json"),
        YAML("yaml"),
        PROTOBUF("vnd.kubernetes.protobuf");

        private final String subtype;

        Format(String subtype) {
            this.subtype = subtype;
        }

        /** The media type. */
        String mediaType() {
            return "application/" + subtype;
        }

        /** The media type of a watch. */
        String streamType() {
            return this == PROTOBUF ? mediaType() + ";stream=watch" : mediaType();
        }

        /** Whether watches can be written in it. */
        boolean streams() {
            return this != YAML;
        }
    }

    /** The kind that an object is turned into. */
    record As(String group, String version, String kind) {
        static final String TABLE = "Table";
        static final String METADATA = "PartialObjectMetadata";
        static final String METADATA_LIST = "PartialObjectMetadataList";

        /** The version as the answer carries it. */
        String apiVersion() {
            return group.isEmpty() ? version : group + "/" + version;
        }
    }

    /** Decides which transformations an endpoint offers. */
    @FunctionalInterface
    interface Offer {
        /** Only the objects as they are. */
        Offer PLAIN = (format, as) -> as == null;

        /** Built-in resources: as tables or without all but their metadata. */
        Offer RESOURCES = (format, as) -> as == null || isOfResources(format, as);

        /** Custom resources, which have no binary form. */
        Offer CUSTOM_RESOURCES = (format, as) -> as == null ? format != Format.PROTOBUF : isOfResources(format, as);

        boolean includes(Format format, @Nullable As as);

        private static boolean isOfResources(Format format, As as) {
            return as.group().equals("meta.k8s.io")
                    && (as.version().equals("v1") || as.version().equals("v1beta1"))
                    && switch (as.kind()) {
                        case As.TABLE -> format != Format.PROTOBUF;
                        case As.METADATA, As.METADATA_LIST -> true;
                        default -> false;
                    };
        }
    }

    private static final Accept ANYTHING = new Accept(Format.JSON, null, false);

    /** Whether a header leaves nothing to negotiate, as those of most clients: every offer includes JSON. */
    private static boolean isPlain(@Nullable String header) {
        return header == null || header.isEmpty() || header.equals("application/json") || header.equals("*/*");
    }

    /**
     * Chooses.
     *
     * @param header null or empty if none was sent
     * @return null if nothing fits
     */
    static @Nullable Accept negotiate(@Nullable String header, Offer offer) {
        if (header == null || isPlain(header)) {
            return ANYTHING;
        }
        for (Clause clause : clauses(header)) {
            for (Format format : Format.values()) {
                if (clause.matches(format)) {
                    Accept accepted = clause.with(format, offer);
                    if (accepted != null) {
                        return accepted;
                    }
                }
            }
        }
        return null;
    }

    /**
     * Chooses only among the clauses that ask for one kind.
     *
     * @return null if none does
     */
    static @Nullable Accept negotiateAs(@Nullable String header, As kind) {
        for (Clause clause : clauses(header == null ? "" : header)) {
            for (Format format : Format.values()) {
                if (clause.matches(format)) {
                    Accept accepted = clause.with(format, (offered, as) -> kind.equals(as));
                    if (accepted != null) {
                        return accepted;
                    }
                }
            }
        }
        return null;
    }

    /** Whether the router of the reference lets the header through: it knows whole types and {@code *}{@code /*} only. */
    static boolean routable(@Nullable String header) {
        if (header == null || isPlain(header)) {
            return true;
        }
        for (String clause : header.split(",", -1)) {
            int semicolon = clause.indexOf(';');
            String type = (semicolon < 0 ? clause : clause.substring(0, semicolon)).strip();
            if (type.equals("*/*")) {
                return true;
            }
            for (Format format : Format.values()) {
                if (type.equals(format.mediaType())) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Whether one of the clauses of an {@code Accept} header, or its absence, lets one of these types pass. */
    static boolean takes(@Nullable String header, List<String> types) {
        if (header == null || header.isEmpty()) {
            return true;
        }
        for (String clause : header.split(",", -1)) {
            if (types.contains(clause.split(";", 2)[0].strip())) {
                return true;
            }
        }
        return false;
    }

    /** Whether the header lets a type pass by itself or by {@code *}{@code /*}. */
    static boolean takes(@Nullable String header, String type) {
        return takes(header, List.of(type, "*/*"));
    }

    private static List<Clause> clauses(String header) {
        List<Clause> clauses = new ArrayList<>();
        for (String text : header.split(",", -1)) {
            Clause clause = Clause.parse(text);
            if (clause != null) {
                clauses.add(clause);
            }
        }
        clauses.sort(Comparator.comparingDouble((Clause clause) -> -clause.quality)
                .thenComparing(clause -> clause.type.equals("*"))
                .thenComparing(clause -> clause.subtype.equals("*")));
        return clauses;
    }

    private record Clause(String type, String subtype, double quality, List<String[]> parameters) {

        static @Nullable Clause parse(String text) {
            String[] parts = text.split(";", -1);
            String[] type = parts[0].strip().split("/", -1);
            if (type.length > 2 || type.length == 1 && !type[0].equals("*")) {
                return null;
            }
            double quality = 1;
            List<String[]> parameters = new ArrayList<>();
            for (int i = 1; i < parts.length; i++) {
                String[] pair = parts[i].split("=", 2);
                if (pair.length != 2) {
                    continue;
                }
                String key = pair[0].strip();
                if (key.equals("q")) {
                    quality = quality(pair[1].strip());
                } else {
                    parameters.add(new String[] {key, pair[1].strip()});
                }
            }
            return new Clause(type[0].strip(), type.length == 1 ? "*" : type[1].strip(), quality, parameters);
        }

        private static double quality(String text) {
            try {
                return Double.parseDouble(text);
            } catch (NumberFormatException e) {
                return 1;
            }
        }

        boolean matches(Format format) {
            return type.equals("*") && subtype.equals("*")
                    || type.equals("application") && (subtype.equals("*") || subtype.equals(format.subtype));
        }

        @Nullable Accept with(Format format, Offer offer) {
            String group = "";
            String version = "";
            String kind = "";
            boolean converts = false;
            boolean pretty = false;
            for (String[] parameter : parameters) {
                String value = parameter[1];
                switch (parameter[0]) {
                    case "as" -> kind = value;
                    case "g" -> group = value;
                    case "v" -> version = value;
                    case "pretty" -> pretty = value.equals("1");
                    case "stream" -> {
                        if (!value.equals("watch") || !format.streams()) {
                            return null;
                        }
                    }
                    default -> {}
                }
                converts |= List.of("as", "g", "v").contains(parameter[0]);
            }
            As as = converts ? new As(group, version, kind) : null;
            return offer.includes(format, as) ? new Accept(format, as, pretty) : null;
        }
    }
}
