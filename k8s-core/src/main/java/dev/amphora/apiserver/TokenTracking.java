package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.store.StoreException;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ConfigMap that says since when it is noted which tokens in Secrets are used: those that have not been for long are invalid one day,
 * but not before that could have been noted. The reference's {@code legacytokentracking}.
 */
final class TokenTracking implements LateObjects.Source {
    private static final Logger log = LoggerFactory.getLogger(TokenTracking.class);
    private static final String NAME = "kube-apiserver-legacy-service-account-token-tracking";
    private static final String MANAGER = "kube-apiserver";
    private static final String SINCE = "since";

    private final OwnRequests own;
    private final LocalDate began;
    private volatile boolean written;

    /** @param began the day on which this server began */
    TokenTracking(OwnRequests own, LocalDate began) {
        this.own = own;
        this.began = began;
    }

    @Override
    public boolean isDue() {
        return !written;
    }

    @Override
    public void write() {
        // What this looks up and writes doesn't lead back here.
        written = true;
        try {
            note();
        } catch (StatusException | StoreException e) {
            // Whoever looks is not harmed by it; the next look tries again.
            written = false;
            log.warn("Since when the use of tokens is noted could not be written: {}", e.getMessage());
        }
    }

    private void note() {
        String day = began.toString();
        ObjectNode found =
                own.find("", ClientTrust.PLURAL, ClientTrust.NAMESPACE, NAME).orElse(null);
        if (found == null) {
            ObjectNode map = Json.object();
            map.putObject("metadata").put("name", NAME).put("namespace", ClientTrust.NAMESPACE);
            map.putObject("data").put(SINCE, day);
            own.plant(MANAGER, "", "v1", ClientTrust.PLURAL, map, null);
        } else if (!isDay(found.path("data").path(SINCE).asText())) {
            ObjectNode mended = found.deepCopy();
            mended.withObjectProperty("data").put(SINCE, day);
            own.update(MANAGER, "", "v1", ClientTrust.PLURAL, mended);
        }
    }

    private static boolean isDay(String text) {
        try {
            LocalDate.parse(text);
            return true;
        } catch (DateTimeParseException e) {
            return false;
        }
    }
}
