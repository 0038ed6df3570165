package dev.amphora.samples.operators;

import io.fabric8.crd.generator.annotation.PrinterColumn;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Version;
import org.jspecify.annotations.Nullable;

/** The custom resource of the operators here, whose definition is generated from this class: wants some pages, which are ConfigMaps. */
@Group(Guestbook.GROUP)
@Version(Guestbook.VERSION)
@ShortNames("gb")
public class Guestbook extends CustomResource<Guestbook.Spec, Guestbook.Status> implements Namespaced {
    static final String GROUP = "samples.amphora.dev";
    static final String VERSION = "v1";
    static final String PLURAL = "guestbooks";
    static final String KIND = "Guestbook";

    private static final long serialVersionUID = 1;

    /** What is wanted. */
    @ValidationRule(value = "self.pages < 5 || self.greeting != 'Short'", message = "a short greeting fills few pages")
    public static class Spec {
        /** On each page. */
        @Required
        @Pattern("^[A-Z].*$") public @Nullable String greeting;

        /** How many. */
        @Min(1) @Max(9) @Default("1")
        public @Nullable Integer pages;
    }

    /** What is there. */
    public static class Status {
        /** How many pages there are. */
        @PrinterColumn(name = "Written")
        public @Nullable Integer written;

        /** Which generation of the guestbook that is about. */
        public @Nullable Long observedGeneration;

        /** A status. */
        static Status of(int written, @Nullable Long generation) {
            Status status = new Status();
            status.written = written;
            status.observedGeneration = generation;
            return status;
        }
    }

    static Guestbook of(String namespace, String name, String greeting, @Nullable Integer pages) {
        Guestbook book = named(namespace, name);
        Spec spec = new Spec();
        spec.greeting = greeting;
        spec.pages = pages;
        book.setSpec(spec);
        return book;
    }

    static Guestbook named(String namespace, String name) {
        Guestbook book = new Guestbook();
        ObjectMeta metadata = new ObjectMeta();
        metadata.setNamespace(namespace);
        metadata.setName(name);
        book.setMetadata(metadata);
        book.setSpec(null);
        return book;
    }
}
