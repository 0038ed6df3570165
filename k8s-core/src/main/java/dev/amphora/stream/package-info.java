/**
 * Bytes on their way between a client and a container: where they go ({@link dev.amphora.stream.ByteSink}), what a running command is
 * to those who talk to it ({@link dev.amphora.stream.Session}), and a socket as either end. The kubelet and the HTTP facade meet in these
 * terms, since neither may see the other. Nothing here blocks its caller; this package uses no other.
 */
@NullMarked
package dev.amphora.stream;

import org.jspecify.annotations.NullMarked;
