package dev.amphora.rest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.ThreadedKernel;
import dev.amphora.rest.tls.CertificateAuthority;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The requests of {@link FuzzTest} over TLS, byte for byte.
 *
 * <p>{@code -Dfuzz.https=10000} says how many; by default a small share.
 */
class FuzzIT {
    private static final int INPUTS = Integer.getInteger("fuzz.https", 300);
    private static final long SEED = Long.getLong("fuzz.seed", 1);

    private final Kernel kernel = new ThreadedKernel();
    private final TestServer server = new TestServer(kernel);
    private final RestApi api =
            RestApi.builder(kernel, server.apiServer).anonymous(true).build();
    private RestServer rest;

    @BeforeEach
    void start() throws Exception {
        CertificateAuthority authority = CertificateAuthority.generate(kernel);
        rest = RestServer.start(
                kernel,
                api,
                new InetSocketAddress("127.0.0.1", 0),
                authority.server("kube-apiserver", List.of(), List.of(InetAddress.getByName("127.0.0.1"))));
        byte[] namespace = "{\"metadata\":{\"name\":\"fuzz\"}}".getBytes(StandardCharsets.UTF_8);
        DirectCall.admin("POST", "/api/v1/namespaces", "", namespace).run(api);
    }

    @AfterEach
    void end() {
        rest.close();
        server.close();
        kernel.close();
    }

    @Test
    void everyInputIsAnswered() throws Exception {
        Map<Integer, Integer> codes = new TreeMap<>();
        List<String> findings = new ArrayList<>();
        RawClient client = RawClient.connect(rest.port());
        for (int i = 0; i < INPUTS && findings.size() < 10; i++) {
            DirectCall call = new RandomRequests(new Random(SEED << 32 ^ i)).next();
            boolean last = true;
            try {
                client.send(call.bytes());
                RawClient.Answer answer = client.readAnswer(call.method());
                codes.merge(answer.status(), 1, Integer::sum);
                String problem = FuzzTest.problem(answer.status(), contentType(answer.head()), answer.body());
                // A line feed in the target leaves no version of HTTP behind it; and an answer without a body tells
                // nothing.
                boolean told = !call.method().equals("HEAD") && answer.status() != 505;
                if (told && !problem.isEmpty()) {
                    findings.add("input %s %s: %s %s".formatted(i, call, problem, answer.head()));
                }
                last = answer.last() || answer.status() == 101;
            } catch (SocketTimeoutException e) {
                findings.add("input %s %s: no answer".formatted(i, call));
            } catch (IOException e) {
                // What is no request at all may be answered by hanging up.
                codes.merge(0, 1, Integer::sum);
            }
            if (last) {
                client.close();
                client = RawClient.connect(rest.port());
            }
        }
        client.close();
        System.out.printf("%s inputs of seed %s over HTTPS: answers %s%n", INPUTS, SEED, codes);
        assertThat(findings).isEmpty();
        assertThat(codes.getOrDefault(0, 0)).isLessThan(INPUTS / 20);
    }

    private static String contentType(String head) {
        return head.replaceFirst("(?is).*\r\ncontent-type: ([^\r]*)\r\n.*", "$1");
    }
}
