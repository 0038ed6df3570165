package dev.amphora.apiserver.patch;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.function.Supplier;

/**
 * What a patch made of a document.
 *
 * @param tree the document as it is to be
 * @param shown what messages show of it, should it turn out to be no such object
 */
public record Patched(JsonNode tree, Supplier<String> shown) {}
