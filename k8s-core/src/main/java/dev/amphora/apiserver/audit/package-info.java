/**
 * What is told of requests to who wants to know: events in the shape of {@code audit.k8s.io/v1}, a policy that says how much of which
 * request, and two sinks, a file of JSON lines and a log for people. Nothing is made of a request that no policy wants.
 */
@NullMarked
package dev.amphora.apiserver.audit;

import org.jspecify.annotations.NullMarked;
