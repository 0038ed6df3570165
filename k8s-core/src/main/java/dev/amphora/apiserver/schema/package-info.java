/**
 * The schema catalogue, and everything that works for all kinds alike because the catalogue describes them.
 *
 * <p>In reading order:
 *
 * <ul>
 *   <li>{@link dev.amphora.apiserver.schema.ResourceInfo}: what is served under one path: names, scope, verbs, subresources.
 *   <li>{@link dev.amphora.apiserver.schema.TypeSchema} and {@link dev.amphora.apiserver.schema.FieldSchema}: what an object
 *       may contain, how its lists merge, how it looks on the wire.
 *   <li>{@link dev.amphora.apiserver.schema.SchemaCatalogue}: the immutable whole. Built-in kinds are read lazily from a
 *       resource; a custom resource is one more entry, see {@link dev.amphora.apiserver.schema.SchemaCatalogue#with}.
 * </ul>
 *
 * <p>The resource {@code catalogue.gz} is written by {@code src/catalogue/generate.py} from the recorded discovery and OpenAPI
 * answers of the reference, and from the struct tags of the same release's Go modules (protocol field numbers, and which
 * fields are optional, which no other document tells). To regenerate it, with Go on the path:
 *
 * <pre>{@code
 * python3 src/catalogue/generate.py RECORDED_DISCOVERY src/main/resources/dev/amphora/apiserver/schema/catalogue.gz
 * }</pre>
 *
 * <p>The trees are Jackson's. This package knows no store, no client and no HTTP; it may use Jackson, Guava and protobuf's wire
 * streams only.
 */
@NullMarked
package dev.amphora.apiserver.schema;

import org.jspecify.annotations.NullMarked;
