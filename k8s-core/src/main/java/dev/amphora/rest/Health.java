package dev.amphora.rest;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;

/**
 * The pages {@code /healthz}, {@code /livez} and {@code /readyz}: named checks that pass or fail. Checks may be added while the pages are
 * served.
 */
public final class Health {
    private final Map<String, BooleanSupplier> live = new ConcurrentHashMap<>();
    private final Map<String, BooleanSupplier> ready = new ConcurrentHashMap<>();
    private final List<String> order = new ArrayList<>();

    /** Pages whose only checks are {@code ping} and {@code log}, which always pass. */
    public Health() {
        live("ping", () -> true);
        live("log", () -> true);
    }

    /**
     * Adds a check of whether the server works at all; it counts on every page.
     *
     * @param name such as {@code etcd}
     * @param check whether it passes; quick, and safe from any thread
     */
    public void live(String name, BooleanSupplier check) {
        add(live, name, check);
    }

    /** Adds a check of whether the server is ready for clients; it counts on {@code /readyz} only. */
    public void ready(String name, BooleanSupplier check) {
        add(ready, name, check);
    }

    private synchronized void add(Map<String, BooleanSupplier> checks, String name, BooleanSupplier check) {
        checks.put(name, check);
        if (!order.contains(name)) {
            order.add(name);
        }
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
        List<String> excluded = query.getOrDefault("exclude", List.of());
        StringBuilder report = new StringBuilder();
        boolean passed = true;
        for (Map.Entry<String, BooleanSupplier> check : checks.entrySet()) {
            String name = check.getKey();
            if (excluded.contains(name)) {
                report.append("[+]").append(name).append(" excluded: ok\n");
            } else if (check.getValue().getAsBoolean()) {
                report.append("[+]").append(name).append(" ok\n");
            } else {
                report.append("[-]").append(name).append(" failed: reason withheld\n");
                passed = false;
            }
        }
        if (!passed) {
            return HttpAnswer.text(500, report + page + " check failed\n");
        }
        return HttpAnswer.text(200, query.containsKey("verbose") ? report + page + " check passed\n" : "ok");
    }

    private synchronized Map<String, BooleanSupplier> checks(String page) {
        Map<String, BooleanSupplier> checks = new LinkedHashMap<>();
        for (String name : order) {
            BooleanSupplier check = live.get(name);
            if (check == null && !page.equals("livez")) {
                check = ready.get(name);
            }
            if (check != null) {
                checks.put(name, check);
            }
        }
        return checks;
    }
}
