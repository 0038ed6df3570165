/**
 * A container runtime without containers: what a container does is a script. Start at {@link dev.amphora.runtime.fake.FakeRuntime},
 * then {@link dev.amphora.runtime.fake.ContainerBehavior} (what a container does), {@link dev.amphora.runtime.fake.ImageBehavior} (what
 * pulling an image is like) and the handlers, with which a container really serves on the pod's own loopback address. Sees
 * {@code kubelet} for the interface it implements and {@code kernel} for time and tasks.
 */
@NullMarked
package dev.amphora.runtime.fake;

import org.jspecify.annotations.NullMarked;
