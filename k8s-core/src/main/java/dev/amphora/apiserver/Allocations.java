package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/** Gives out what no two objects may share, such as Service addresses and node ports. */
interface Allocations {

    /** Nothing is to be given out. */
    Allocations NONE = new Allocations() {
        @Override
        public Held hold(Endpoint endpoint, ObjectNode object, @Nullable ObjectNode old) {
            return Held.NOTHING;
        }

        @Override
        public void dryRun(Endpoint endpoint, ObjectNode object, @Nullable ObjectNode old) {}

        @Override
        public void release(Endpoint endpoint, ObjectNode object) {}
    };

    /** What was given out for a write; given back when closed, unless the write was made. */
    interface Held extends AutoCloseable {
        /** Nothing. */
        Held NOTHING = new Held() {
            @Override
            public boolean changed() {
                return false;
            }

            @Override
            public void keep() {}

            @Override
            public void close() {}
        };

        /** Whether the object was changed. */
        boolean changed();

        /** The write was made. */
        void keep();

        @Override
        void close();
    }

    /** Gives an object what it needs, and writes it into the object. */
    Held hold(Endpoint endpoint, ObjectNode object, @Nullable ObjectNode old);

    /** Shows what would be given out. */
    void dryRun(Endpoint endpoint, ObjectNode object, @Nullable ObjectNode old);

    /** Takes back what a deleted object had. */
    void release(Endpoint endpoint, ObjectNode object);
}
