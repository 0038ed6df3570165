package dev.amphora.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.amphora.runtime.docker.BusyboxImage;
import dev.amphora.runtime.docker.DockerRuntime;
import dev.amphora.store.etcd.EtcdProcess;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** The quickstart on every engine comes to the same end. */
class QuickstartIT {
    private static final String[] END_STATE = {
        "deployment               replicas=6 updated=6 ready=6 available=6 revision=3",
        "pods                     6, all running and ready: true",
        "replicaset revision 2    amphora.dev/web:2 replicas=0 ready=null",
        "replicaset revision 3    amphora.dev/web:1 replicas=6 ready=6"
    };

    @Test
    void runsInMemory() {
        assertThat(quickstart()).contains(END_STATE).contains("binds Pod xyz-", "answers from xyz-");
    }

    @Test
    void runsOnEtcdAndIsFoundAgain() {
        try (EtcdProcess etcd = etcd()) {
            assertThat(quickstart("--store=etcd", "--etcd-servers=" + etcd.endpoint(), "--keep"))
                    .contains(END_STATE)
                    .contains("Load the manifest");

            assertThat(quickstart("--store=etcd", "--etcd-servers=" + etcd.endpoint()))
                    .contains(END_STATE)
                    .contains("as an earlier start left it")
                    .doesNotContain("Load the manifest");
        }
    }

    @Test
    void runsOnDocker() {
        requireDocker();
        assertThat(quickstart("--runtime=docker")).contains(END_STATE);
    }

    @Test
    void runsOnEtcdAndDocker() {
        requireDocker();
        try (EtcdProcess etcd = etcd()) {
            assertThat(quickstart("--store=etcd", "--etcd-servers=" + etcd.endpoint(), "--runtime=docker"))
                    .contains(END_STATE);
        }
    }

    @Test
    void saysHowToGetWhatIsMissing() {
        StringWriter err = new StringWriter();
        int exit = new CommandLine(new Amphora())
                .setErr(new PrintWriter(err, true))
                .execute("quickstart", "--store=etcd", "--etcd-servers=http://127.0.0.1:1");

        assertThat(exit).isEqualTo(1);
        assertThat(err.toString()).contains("apt-get install etcd-server");
    }

    private static String quickstart(String... options) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        String[] arguments = new String[options.length + 1];
        arguments[0] = "quickstart";
        System.arraycopy(options, 0, arguments, 1, options.length);
        int exit = new CommandLine(new Amphora())
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments);
        assertThat(exit).as("%s%n%s", out, err).isZero();
        return out.toString();
    }

    private static EtcdProcess etcd() {
        if (!EtcdProcess.isInstalled()) {
            missing(new IllegalStateException(EtcdProcess.HOW_TO_GET_ETCD));
        }
        return EtcdProcess.start();
    }

    private static void requireDocker() {
        try {
            DockerRuntime.requireEngine();
            BusyboxImage.make(Quickstart.OLD_IMAGE, Quickstart.NEW_IMAGE);
        } catch (RuntimeException e) {
            missing(e);
        }
    }

    /** Skips the test with advice, but not where the build promises the engine. */
    private static void missing(RuntimeException advice) {
        if ("true".equals(System.getenv("CI"))) {
            throw new AssertionError(advice.getMessage(), advice);
        }
        abort(advice.getMessage());
    }
}
