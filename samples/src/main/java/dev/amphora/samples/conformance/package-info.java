/**
 * Replays recorded answers of Kubernetes against an API server, this project's or another, and tells every difference.
 *
 * <p>{@link dev.amphora.samples.conformance.Conformance} is the command. A {@code Target} is the server under test: a fresh one in this
 * process, reached without a socket or over HTTPS, or anybody's at a URL. {@code Replay} walks through a folder and hands each file to the
 * runner of its kind: {@code Transcript} does the steps of one scenario, the {@code *Cases} those of files with a case per line,
 * {@code Documents} whole documents. They speak through a {@code Server} over a {@code Transport}, compare with {@code AnswerCheck} and
 * {@code Comparison}, whose placeholders live in {@code Bindings}, and tell {@code Results}.
 *
 * <p>Sees the public face of the cluster only: {@code Cluster}, the kernel, and the store that it starts with.
 */
@NullMarked
package dev.amphora.samples.conformance;

import org.jspecify.annotations.NullMarked;
