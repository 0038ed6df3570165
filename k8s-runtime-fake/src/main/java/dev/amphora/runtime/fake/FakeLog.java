package dev.amphora.runtime.fake;

import dev.amphora.kubelet.ContainerRuntime.LogLine;
import dev.amphora.kubelet.ContainerRuntime.LogOptions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/** What a container has written, and those who read it. Safe from any thread. */
final class FakeLog {
    private static final int MAX_LINES = 10_000;

    private @Nullable ArrayDeque<LogLine> lines;
    private @Nullable List<Reader> followers;
    private boolean ended;

    void write(LogLine line) {
        List<Reader> informed;
        synchronized (this) {
            if (ended) {
                return;
            }
            if (lines == null) {
                lines = new ArrayDeque<>(4);
            }
            lines.add(line);
            if (lines.size() > MAX_LINES) {
                lines.remove();
            }
            if (followers == null) {
                return;
            }
            informed = List.copyOf(followers);
            informed.forEach(reader -> reader.offer(line));
        }
        informed.forEach(Reader::drain);
    }

    /** Nothing more will be written: those who follow come to the end. */
    void end() {
        List<Reader> informed;
        synchronized (this) {
            ended = true;
            if (followers == null) {
                return;
            }
            informed = followers;
            followers = null;
            informed.forEach(Reader::finish);
        }
        informed.forEach(Reader::drain);
    }

    Flow.Publisher<LogLine> publisher(LogOptions options) {
        return subscriber -> {
            Reader reader = new Reader(subscriber);
            synchronized (this) {
                List<LogLine> wanted = new ArrayList<>();
                if (lines != null) {
                    for (LogLine line : lines) {
                        if (options.since() == null || !line.time().isBefore(options.since())) {
                            wanted.add(line);
                        }
                    }
                }
                Integer tail = options.tailLines();
                int from = tail == null ? 0 : Math.max(0, wanted.size() - tail);
                wanted.subList(from, wanted.size()).forEach(reader::offer);
                if (options.follow() && !ended) {
                    if (followers == null) {
                        followers = new ArrayList<>(1);
                    }
                    followers.add(reader);
                } else {
                    reader.finish();
                }
            }
            subscriber.onSubscribe(reader);
            reader.drain();
        };
    }

    private synchronized void leave(Reader reader) {
        if (followers != null) {
            followers.remove(reader);
        }
    }

    private final class Reader implements Flow.Subscription {
        private final Flow.Subscriber<? super LogLine> subscriber;
        private final ArrayDeque<LogLine> pending = new ArrayDeque<>();
        private long wanted;
        private boolean finished;
        private boolean done;
        private boolean draining;

        Reader(Flow.Subscriber<? super LogLine> subscriber) {
            this.subscriber = subscriber;
        }

        synchronized void offer(LogLine line) {
            pending.add(line);
        }

        synchronized void finish() {
            finished = true;
        }

        @Override
        public void request(long n) {
            synchronized (this) {
                wanted = wanted + n < 0 ? Long.MAX_VALUE : wanted + n;
            }
            drain();
        }

        @Override
        public void cancel() {
            synchronized (this) {
                done = true;
                pending.clear();
            }
            leave(this);
        }

        /** Hands on what is wanted and there. One caller at a time does so; the others leave it to that one. */
        void drain() {
            synchronized (this) {
                if (draining) {
                    return;
                }
                draining = true;
            }
            while (true) {
                LogLine line;
                synchronized (this) {
                    boolean complete = !done && finished && pending.isEmpty();
                    if (complete) {
                        done = true;
                    } else if (done || wanted == 0 || pending.isEmpty()) {
                        draining = false;
                        return;
                    }
                    line = complete ? null : pending.remove();
                    wanted -= complete ? 0 : 1;
                }
                if (line == null) {
                    subscriber.onComplete();
                } else {
                    subscriber.onNext(line);
                }
            }
        }
    }
}
