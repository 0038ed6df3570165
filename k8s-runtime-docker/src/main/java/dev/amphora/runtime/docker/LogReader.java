package dev.amphora.runtime.docker;

import com.github.dockerjava.api.command.LogContainerCmd;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.model.Frame;
import com.github.dockerjava.api.model.StreamType;
import dev.amphora.kubelet.ContainerRuntime.LogLine;
import dev.amphora.kubelet.ContainerRuntime.LogOptions;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.SubmissionPublisher;
import org.jspecify.annotations.Nullable;

/** A container's log as a publisher of lines. Each subscriber reads on its own, at its own pace: a slow one holds up the engine's stream. */
final class LogReader implements Flow.Publisher<LogLine> {
    private static final int BUFFERED_LINES = 256;

    private final Engine engine;
    private final Executor blocking;
    private final String containerId;
    private final LogOptions options;

    LogReader(Engine engine, Executor blocking, String containerId, LogOptions options) {
        this.engine = engine;
        this.blocking = blocking;
        this.containerId = containerId;
        this.options = options;
    }

    @Override
    public void subscribe(Flow.Subscriber<? super LogLine> subscriber) {
        SubmissionPublisher<LogLine> lines = new SubmissionPublisher<>(blocking, BUFFERED_LINES);
        Reading reading = new Reading(lines);
        lines.subscribe(new Relay(subscriber, reading));
        blocking.execute(() -> {
            try {
                command().exec(reading);
            } catch (DockerException e) {
                lines.closeExceptionally(EngineException.of(e));
            } catch (RuntimeException e) {
                lines.closeExceptionally(e);
            }
        });
    }

    private LogContainerCmd command() {
        LogContainerCmd command = engine.client()
                .logContainerCmd(containerId)
                .withStdOut(true)
                .withStdErr(true)
                .withTimestamps(true)
                .withFollowStream(options.follow());
        if (options.tailLines() != null) {
            command.withTail(options.tailLines());
        } else {
            command.withTailAll();
        }
        if (options.since() != null) {
            command.withSince((int) options.since().getEpochSecond());
        }
        return command;
    }

    /** Hands on what the publisher says, and ends the engine's stream when the subscriber has had enough. */
    private record Relay(Flow.Subscriber<? super LogLine> subscriber, Reading reading)
            implements Flow.Subscriber<LogLine> {
        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            subscriber.onSubscribe(new Flow.Subscription() {
                @Override
                public void request(long n) {
                    subscription.request(n);
                }

                @Override
                public void cancel() {
                    subscription.cancel();
                    reading.close();
                }
            });
        }

        @Override
        public void onNext(LogLine line) {
            subscriber.onNext(line);
        }

        @Override
        public void onError(Throwable error) {
            subscriber.onError(error);
        }

        @Override
        public void onComplete() {
            subscriber.onComplete();
        }
    }

    private static final class Reading extends Receiver<Frame> {
        private final SubmissionPublisher<LogLine> lines;
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();
        private final ByteArrayOutputStream err = new ByteArrayOutputStream();

        Reading(SubmissionPublisher<LogLine> lines) {
            this.lines = lines;
        }

        @Override
        public void onNext(Frame frame) {
            boolean stderr = frame.getStreamType() == StreamType.STDERR;
            ByteArrayOutputStream pending = stderr ? err : out;
            for (byte each : frame.getPayload()) {
                if (each == '\n') {
                    publish(pending, stderr);
                } else {
                    pending.write(each);
                }
            }
        }

        @Override
        void ended(@Nullable Throwable error) {
            if (out.size() > 0) {
                publish(out, false);
            }
            if (err.size() > 0) {
                publish(err, true);
            }
            if (error == null) {
                lines.close();
            } else {
                lines.closeExceptionally(error instanceof DockerException docker ? EngineException.of(docker) : error);
            }
        }

        private void publish(ByteArrayOutputStream pending, boolean stderr) {
            String line = pending.toString(StandardCharsets.UTF_8);
            pending.reset();
            if (line.endsWith("\r")) {
                line = line.substring(0, line.length() - 1);
            }
            int space = line.indexOf(' ');
            Instant time = Instant.EPOCH;
            String text = line;
            if (space > 0) {
                try {
                    time = Instant.parse(line.substring(0, space));
                    text = line.substring(space + 1);
                } catch (DateTimeParseException notATime) {
                    // A line that the engine has not stamped is passed on as it is.
                }
            }
            if (lines.hasSubscribers()) {
                lines.submit(new LogLine(time, stderr, text));
            }
        }
    }
}
