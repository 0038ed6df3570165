package dev.amphora.samples.conformance;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What all cases that are replayed against one server share. */
final class Session implements AutoCloseable {
    private static final int SUFFIX = 8;

    private final Target target;
    private final Options options;
    private final SigningRequests signingRequests = new SigningRequests();
    private final Cleaner later;
    private final Set<Path> setUp = new HashSet<>();
    private Duration patience;
    private @Nullable Webhooks webhooks;

    Session(Target target, Options options) {
        this.target = target;
        this.options = options;
        this.later = new Cleaner(target.server(), target.pace());
        this.patience = options.patience();
    }

    Server server() {
        return target.server();
    }

    Pace pace() {
        return target.pace();
    }

    Target target() {
        return target;
    }

    Options options() {
        return options;
    }

    /** What is to be deleted when everything is over, as deleting it sooner would move revisions. */
    Cleaner later() {
        return later;
    }

    Cleaner newCleaner() {
        return new Cleaner(server(), pace());
    }

    Constants constants(Map<String, String> fixed) {
        return new Constants(fixed, pace().now(), signingRequests);
    }

    AnswerCheck check(String topic, Set<String> ignored) {
        return new AnswerCheck(topic, server().transport().showsConnection(), ignored);
    }

    /** The webhook server, started when it is needed first. */
    Webhooks webhooks() {
        if (webhooks == null) {
            webhooks = new Webhooks();
            target.answers(webhooks.host(), webhooks);
        }
        return webhooks;
    }

    /** Whether a set-up file has not been done yet; from now on it has. */
    boolean begins(Path setUpFile) {
        return setUp.add(setUpFile);
    }

    /** Lets a moment pass before a read is repeated; false if the patience is over. */
    boolean patient(Duration moment) {
        if (patience.isNegative() || patience.isZero()) {
            return false;
        }
        pace().pause(moment);
        patience = patience.minus(moment);
        return true;
    }

    /** A name that nothing has yet. */
    String newName(String prefix) {
        return prefix + pace().kernel().newUid().substring(0, SUFFIX);
    }

    /** A namespace that is deleted in the end. */
    String newNamespace() {
        String name = newName("r-");
        var namespace = Trees.object().put("apiVersion", "v1").put("kind", "Namespace");
        namespace.putObject("metadata").put("name", name);
        server().post("/api/v1/namespaces", namespace);
        later.add("/api/v1/namespaces/" + name);
        return name;
    }

    @Override
    public void close() {
        try {
            later.clean();
        } finally {
            if (webhooks != null) {
                webhooks.close();
            }
        }
    }
}
