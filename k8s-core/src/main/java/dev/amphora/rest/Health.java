package dev.amphora.rest;

import dev.amphora.api.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/**
 * The pages {@code /healthz}, {@code /livez} and {@code /readyz}: named checks that pass or fail.
 *
 * <p>They have the reference's checks in its order. What those of them look at that has no counterpart here is done before anything is
 * served, so they pass until something else is said of them. Further checks may be added while the pages are served.
 */
public final class Health {
    private static final List<String> FIRST = List.of("ping", "log");
    private static final List<String> ONLY_LIVE = List.of("loopback-serving-certificate");
    private static final List<String> ONLY_READY = List.of("etcd-readiness", "informer-sync");
    private static final String HOOK = "poststarthook/";
    private static final List<String> HOOKS = List.of(
            "start-apiserver-admission-initializer",
            "generic-apiserver-start-informers",
            "priority-and-fairness-config-consumer",
            "priority-and-fairness-filter",
            "storage-object-count-tracker-hook",
            "start-apiextensions-informers",
            "start-apiextensions-controllers",
            "crd-informer-synced",
            "start-system-namespaces-controller",
            "peer-endpoint-reconciler-controller",
            "start-cluster-authentication-info-controller",
            "start-kube-apiserver-identity-lease-controller",
            "start-kube-apiserver-identity-lease-garbage-collector",
            "storage-readiness",
            "start-legacy-token-tracking-controller",
            "start-service-ip-repair-controllers",
            "rbac/bootstrap-roles",
            "scheduling/bootstrap-system-priority-classes",
            "priority-and-fairness-config-producer",
            "bootstrap-controller",
            "start-kubernetes-service-cidr-controller",
            "start-kube-aggregator-informers",
            "apiservice-status-local-available-controller",
            "apiservice-status-remote-available-controller",
            "apiservice-registration-controller",
            "apiservice-discovery-controller",
            "kube-apiserver-autoregistration");
    private static final String REGISTERED = "autoregister-completion";
    private static final List<String> LAST_HOOKS =
            List.of("apiservice-openapi-controller", "apiservice-openapiv3-controller");

    private final Map<String, BooleanSupplier> live = new LinkedHashMap<>();
    private final Map<String, BooleanSupplier> ready = new LinkedHashMap<>();

    /** The reference's pages; every check passes. */
    public Health() {
        FIRST.forEach(name -> live(name, () -> true));
        ONLY_LIVE.forEach(name -> live.put(name, () -> true));
        live("etcd", () -> true);
        ONLY_READY.forEach(name -> ready(name, () -> true));
        HOOKS.forEach(name -> live(HOOK + name, () -> true));
        live(REGISTERED, () -> true);
        LAST_HOOKS.forEach(name -> live(HOOK + name, () -> true));
        ready("shutdown", () -> true);
    }

    /**
     * Adds a check of whether the server works at all, or says what one looks at; it counts on every page.
     *
     * @param name such as {@code etcd}
     * @param check whether it passes; quick, and safe from any thread
     */
    public synchronized void live(String name, BooleanSupplier check) {
        live.put(name, check);
        ready.put(name, check);
    }

    /** Adds a check of whether the server is ready for clients, or says what one looks at; it counts on {@code /readyz} only. */
    public synchronized void ready(String name, BooleanSupplier check) {
        ready.put(name, check);
    }

    /** Drops the check that something has been done after the start, because it is not done. */
    public synchronized void withoutHook(String name) {
        live.remove(HOOK + name);
        ready.remove(HOOK + name);
    }

    /** Whether every check passes. */
    public boolean isReady() {
        return checks("readyz").values().stream().allMatch(BooleanSupplier::getAsBoolean);
    }

    /** The paths of the pages and of their single checks. */
    List<String> paths() {
        List<String> paths = new ArrayList<>();
        for (String page : List.of("healthz", "livez", "readyz")) {
            paths.add("/" + page);
            checks(page).keySet().stream().sorted().forEach(name -> paths.add("/" + page + "/" + name));
        }
        return paths;
    }

    /**
     * Answers one page.
     *
     * @param page {@code healthz}, {@code livez} or {@code readyz}
     * @param single the name of one check; empty for all
     */
    HttpAnswer answer(String page, String single, Map<String, List<String>> query) {
        Map<String, BooleanSupplier> checks = checks(page);
        if (!single.isEmpty()) {
            BooleanSupplier check = checks.get(single);
            if (check == null) {
                return HttpAnswer.text(404, "404 page not found\n");
            }
            return check.getAsBoolean()
                    ? HttpAnswer.text(200, "ok")
                    : HttpAnswer.text(500, "internal server error: " + single + " failed: reason withheld\n");
        }
        Set<String> excluded = new TreeSet<>(query.getOrDefault("exclude", List.of()));
        StringBuilder report = new StringBuilder();
        boolean passed = true;
        for (Map.Entry<String, BooleanSupplier> check : checks.entrySet()) {
            String name = check.getKey();
            if (excluded.remove(name)) {
                report.append("[+]").append(name).append(" excluded: ok\n");
            } else if (check.getValue().getAsBoolean()) {
                report.append("[+]").append(name).append(" ok\n");
            } else {
                report.append("[-]").append(name).append(" failed: reason withheld\n");
                passed = false;
            }
        }
        if (!excluded.isEmpty()) {
            report.append("warn: some health checks cannot be excluded: no matches for ")
                    .append(excluded.stream().map(Json::quote).collect(Collectors.joining(", ")))
                    .append('\n');
        }
        if (!passed) {
            return HttpAnswer.text(500, report + page + " check failed\n");
        }
        return HttpAnswer.text(200, query.containsKey("verbose") ? report + page + " check passed\n" : "ok");
    }

    private synchronized Map<String, BooleanSupplier> checks(String page) {
        return new LinkedHashMap<>(page.equals("readyz") ? ready : live);
    }
}
