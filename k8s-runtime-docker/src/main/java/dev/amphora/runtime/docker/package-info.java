/**
 * The container runtime on a Docker Engine.
 *
 * <p>{@link dev.amphora.runtime.docker.DockerRuntime} is the face. Names and labels are those of the kubelet's former own Docker support, so
 * that {@code docker ps} reads as on any node. Calls that block run on the kernel's executor for such calls, never on an actor. Sees
 * {@code kubelet} for the interface it implements and {@code kernel}.
 */
@NullMarked
package dev.amphora.runtime.docker;

import org.jspecify.annotations.NullMarked;
