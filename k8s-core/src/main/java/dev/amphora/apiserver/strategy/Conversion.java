package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** How one served version of a kind turns into the version that is stored, and back. Both change the tree in place. */
public interface Conversion {

    /** The served version, such as {@code extensions/v1beta1}. */
    String apiVersion();

    /** Turns an object as callers send it into what is stored; fills in defaults in which the served version differs. */
    void toStorage(ObjectNode object);

    /** Turns what is stored into what callers of this version see. */
    void fromStorage(ObjectNode object);
}
