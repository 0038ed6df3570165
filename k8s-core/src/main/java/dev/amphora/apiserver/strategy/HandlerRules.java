package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.node.LongNode;
import java.util.List;

/** How a container is asked whether it is well, and what is called when it starts and stops. */
final class HandlerRules {
    private static final String ONE_HANDLER = "may not specify more than 1 handler type";

    private final long gracePeriod;

    /**
     * The rules for a pod.
     *
     * @param gracePeriod how many seconds the pod has to end
     */
    HandlerRules(long gracePeriod) {
        this.gracePeriod = gracePeriod;
    }

    void lifecycle(Fields lifecycle) {
        for (String hook : List.of("postStart", "preStop")) {
            if (lifecycle.has(hook)) {
                handler(lifecycle.at(hook), "exec", "httpGet", "tcpSocket", "sleep");
            }
        }
    }

    /**
     * A probe, if there is one.
     *
     * @param probe where it stands
     * @param ends whether a container that fails it is ended
     */
    void probe(Fields probe, boolean ends) {
        if (!probe.given()) {
            return;
        }
        handler(probe, "exec", "httpGet", "tcpSocket", "grpc");
        for (String field : List.of(
                "initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")) {
            probe.at(field).notNegative();
        }
        Fields grace = probe.at("terminationGracePeriodSeconds");
        if (grace.given() && grace.number() <= 0) {
            grace.invalid("must be greater than 0");
        }
        if (ends) {
            if (probe.at("successThreshold").number() != 1) {
                probe.at("successThreshold").invalid("must be 1");
            }
        } else if (grace.given()) {
            grace.invalid("must not be set for readinessProbes");
        }
    }

    private void handler(Fields handler, String... kinds) {
        int found = 0;
        for (String kind : kinds) {
            Fields action = handler.at(kind);
            if (!action.given()) {
                continue;
            }
            if (found > 0) {
                action.forbidden(ONE_HANDLER);
                continue;
            }
            found++;
            switch (kind) {
                case "exec" -> {
                    if (action.at("command").isEmpty()) {
                        action.at("command").required();
                    }
                }
                case "httpGet" -> httpGet(action);
                case "tcpSocket" -> port(action.at("port"));
                case "grpc" -> action.at("port").between(1, 65535);
                default -> sleep(action);
            }
        }
        if (found == 0) {
            handler.required("must specify a handler type");
        }
    }

    private static void httpGet(Fields action) {
        action.at("path").requireText();
        port(action.at("port"));
        action.at("scheme").oneOf("HTTP", "HTTPS");
        Fields headers = action.at("httpHeaders");
        headers.elements().forEach(header -> headers.check(header.at("name").text(), Names::httpHeader));
    }

    /** A port by number or by name. */
    static void port(Fields port) {
        if (port.value().isTextual()) {
            port.check(Names::portName);
        } else {
            port.between(1, 65535);
        }
    }

    private void sleep(Fields action) {
        long seconds = action.at("seconds").number();
        if (seconds < 0 || seconds > gracePeriod) {
            action.invalid(
                    LongNode.valueOf(seconds),
                    "must be non-negative and less than terminationGracePeriodSeconds (%d)".formatted(gracePeriod));
        }
    }
}
