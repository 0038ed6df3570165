package dev.amphora.samples;

import dev.amphora.scheduler.SchedulerSandbox;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.PrintWriter;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Decisions alone: no API server, no store, nothing is written. */
final class SchedulerDecisions {
    /** How many low pods make room for a high one. */
    private static final int VICTIMS = 3;
    /** So many pods, or a tenth of all, are made before the time is taken that is measured. */
    private static final int BATCH = 10_000;

    private final PrintWriter out;

    SchedulerDecisions(PrintWriter out) {
        this.out = out;
    }

    /** Places the pods before, then measures the others. */
    SchedulerFigures run(SchedulerWorkload workload) {
        SchedulerSandbox sandbox = new SchedulerSandbox(workload.profile(), 1);
        for (int i = 0; i < workload.nodes(); i++) {
            sandbox.put(workload.node(i));
        }
        workload.prepare(sandbox::put);
        Map<String, List<Pod>> placed = new HashMap<>();
        for (int i = 0; i < workload.init(); i++) {
            Pod pod = workload.pod(i);
            String node = sandbox.scheduleAndPlace(pod).nodeName();
            placed.computeIfAbsent(String.valueOf(node), name -> new ArrayList<>())
                    .add(pod);
        }
        int measured = workload.measured();
        long[] latencies = new long[measured];
        long[] at = new long[measured];
        long[] cpuAt = new long[measured];
        long took = 0;
        long cpu = 0;
        int size = Math.max(BATCH, measured / 10);
        for (int from = 0; from < measured; from += size) {
            List<Pod> batch = new ArrayList<>();
            for (int i = from; i < Math.min(measured, from + size); i++) {
                batch.add(workload.pod(workload.init() + i));
            }
            long cpuBefore = SchedulerFigures.cpu();
            for (int i = 0; i < batch.size(); i++) {
                long start = System.nanoTime();
                attempt(sandbox, batch.get(i), placed);
                latencies[from + i] = System.nanoTime() - start;
                took += latencies[from + i];
                at[from + i] = took;
            }
            cpu += SchedulerFigures.cpu() - cpuBefore;
            cpuAt[from + batch.size() - 1] = cpu;
        }
        if (measured >= SchedulerRun.MANY) {
            SchedulerFigures.tenths(out, "us/pod", SchedulerFigures.costs(0, at));
            SchedulerFigures.tenths(out, "cpu us/pod", SchedulerFigures.costs(0, cpuAt));
        }
        SchedulerFigures figures = SchedulerFigures.of(took / 1e9, cpu / 1e9, latencies);
        Reference.reachabilityFence(sandbox);
        return figures;
    }

    private static void attempt(SchedulerSandbox sandbox, Pod pod, Map<String, List<Pod>> placed) {
        SchedulerSandbox.Attempted attempted = sandbox.scheduleAndPlace(pod);
        String nominated = attempted.nominatedNode();
        if (nominated != null) {
            List<Pod> victims = placed.getOrDefault(nominated, List.of());
            victims.subList(0, Math.min(VICTIMS, victims.size())).forEach(sandbox::remove);
            victims.clear();
            sandbox.place(pod, nominated);
        } else if (attempted.nodeName() == null) {
            throw new IllegalStateException("no node for " + pod.getMetadata().getName() + ": " + attempted.message());
        }
    }
}
