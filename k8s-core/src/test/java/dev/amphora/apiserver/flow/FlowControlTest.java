package dev.amphora.apiserver.flow;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.access.AccessRequest;
import dev.amphora.apiserver.access.User;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.SimulatedKernel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FlowControlTest {
    private static final Duration SERVICE = Duration.ofMillis(10);

    private final SimulatedKernel kernel = new SimulatedKernel(7);
    private final Rules rules = new Rules();
    private final List<String> log = new ArrayList<>();

    @AfterEach
    void close() {
        kernel.close();
    }

    @Test
    void theFirstSchemaThatMatchesDecides() {
        rules.level("free", "'type':'Exempt'");
        rules.level("some", limited(1, "'type':'Reject'"));
        rules.schema("masters", 1, "free", "", "Group", "system:masters");
        rules.schema("catch-all", 10_000, "some", "", "Group", "*");
        FlowControl flow = new FlowControl(kernel, rules, 10);

        assertThat(flow.classify(get(User.of("root", User.MASTERS), "pods")).schemaUid())
                .isEqualTo("uid-masters");
        assertThat(flow.classify(get(User.of("alice"), "pods")).schemaUid()).isEqualTo("uid-catch-all");
        assertThat(flow.classify(AccessRequest.ofPath(User.anonymous(), "get", "/healthz"))
                        .levelUid())
                .isEqualTo("uid-some");
    }

    @Test
    void whatIsExemptAlwaysPasses() {
        rules.level("free", "'type':'Exempt'");
        rules.schema("catch-all", 1, "free", "", "Group", "*");
        FlowControl flow = new FlowControl(kernel, rules, 1);

        for (int i = 0; i < 100; i++) {
            assertThat(enter(flow, "alice", "a" + i)).isTrue();
        }
    }

    @Test
    void withoutQueuesWhatFindsNoSeatIsRefused() {
        rules.level("some", limited(1, "'type':'Reject'"));
        rules.schema("catch-all", 1, "some", "", "Group", "*");
        FlowControl flow = new FlowControl(kernel, rules, 2);
        FlowTicket first = flow.classify(get(User.of("alice"), "pods"));
        flow.enter(first, 1, () -> {}, why -> {});
        assertThat(enter(flow, "alice", "second")).isTrue();

        assertThat(enter(flow, "alice", "third")).isFalse();
        assertThat(log).containsExactly("third concurrency-limit");

        flow.end(first);
        flow.end(first);
        assertThat(enter(flow, "alice", "fourth")).isTrue();
        assertThat(enter(flow, "alice", "fifth")).isFalse();
    }

    @Test
    void whoWaitsGetsTheSeatThatBecomesFree() {
        rules.level("some", queued(1, 4, 2, 10));
        rules.schema("catch-all", 1, "some", "ByUser", "Group", "*");
        FlowControl flow = new FlowControl(kernel, rules, 1);
        FlowTicket first = flow.classify(get(User.of("alice"), "pods"));
        flow.enter(first, 1, () -> {}, why -> {});

        assertThat(enter(flow, "bob", "second")).isFalse();
        assertThat(log).isEmpty();
        assertThat(flow.levels().get(0).waiting()).isEqualTo(1);
        flow.end(first);
        kernel.runReady();

        assertThat(log).containsExactly("second goes");
        assertThat(flow.levels().get(0).waiting()).isZero();
    }

    @Test
    void aFullQueueAndLongWaitingEndInRefusals() {
        rules.level("some", queued(1, 1, 1, 2));
        rules.schema("catch-all", 1, "some", "ByUser", "Group", "*");
        FlowControl flow = new FlowControl(kernel, rules, 1);
        enter(flow, "alice", "first");
        enter(flow, "alice", "second");
        enter(flow, "alice", "third");

        enter(flow, "alice", "fourth");
        assertThat(log).containsExactly("fourth queue-full");
        kernel.advance(Duration.ofSeconds(16));

        assertThat(log).containsExactly("fourth queue-full", "second time-out", "third time-out");
        List<String> counts = new ArrayList<>();
        flow.refused((level, schema, reason, count) -> counts.add(level + " " + reason + " " + count));
        assertThat(counts).containsExactlyInAnyOrder("some queue-full 1", "some time-out 2");
    }

    @Test
    void aBusyUserDoesNotKeepAQuietOneWaiting() {
        rules.level("some", queued(10, 64, 4, 500));
        rules.schema("catch-all", 1, "some", "ByUser", "Group", "*");
        FlowControl flow = new FlowControl(kernel, rules, 2);
        Actor clients = kernel.actor("clients");
        for (int i = 0; i < 400; i++) {
            request(flow, clients, "busy", "busy " + i);
        }
        kernel.advance(Duration.ofMillis(100));
        int before = log.size();
        for (int i = 0; i < 5; i++) {
            request(flow, clients, "quiet", "quiet " + i);
        }
        kernel.advance(Duration.ofMillis(200));

        List<String> since = log.subList(before, log.size());
        assertThat(since).filteredOn(line -> line.startsWith("quiet")).hasSize(5);
        assertThat(since).filteredOn(line -> line.startsWith("busy")).hasSizeGreaterThan(10);
        assertThat(log).hasSizeLessThan(100);
    }

    /** The two users' hands have no queue in common. */
    @Test
    void busyUsersGetTheSame() {
        rules.level("some", queued(10, 64, 4, 500));
        rules.schema("catch-all", 1, "some", "ByUser", "Group", "*");
        FlowControl flow = new FlowControl(kernel, rules, 3);
        Actor clients = kernel.actor("clients");
        for (int i = 0; i < 300; i++) {
            request(flow, clients, "bob", "many " + i);
            if (i % 3 == 0) {
                request(flow, clients, "x", "few " + i);
            }
        }
        kernel.advance(Duration.ofMillis(300));

        long few = log.stream().filter(line -> line.startsWith("few")).count();
        long many = log.stream().filter(line -> line.startsWith("many")).count();
        assertThat(few).isBetween(many - 12, many + 12);
    }

    @Test
    void aLevelBorrowsWhatOthersLendAndGivesItBack() {
        rules.level("one", limited(1, "'type':'Reject'").replace("'limited':{", "'limited':{'lendablePercent':50,"));
        rules.level("two", limited(1, "'type':'Reject'"));
        rules.schema("ones", 1, "one", "", "User", "one");
        rules.schema("catch-all", 2, "two", "", "Group", "*");
        FlowControl flow = new FlowControl(kernel, rules, 20);

        int got = 0;
        while (enter(flow, "two", "x")) {
            got++;
        }

        assertThat(got).isEqualTo(15);
        int left = 0;
        while (enter(flow, "one", "y")) {
            left++;
        }
        assertThat(left).isEqualTo(5);
    }

    @Test
    void newRulesCountFromTheNextRequestOn() {
        rules.level("some", limited(1, "'type':'Reject'"));
        rules.schema("catch-all", 1, "some", "", "Group", "*");
        FlowControl flow = new FlowControl(kernel, rules, 1);
        assertThat(flow.classify(get(User.of("alice"), "pods")).schemaUid()).isEqualTo("uid-catch-all");

        rules.schema("mine", 0, "some", "", "User", "alice");
        rules.edition++;

        assertThat(flow.classify(get(User.of("alice"), "pods")).schemaUid()).isEqualTo("uid-mine");
    }

    @Test
    void aHandHasDifferentCards() {
        for (long hash = -50; hash < 50; hash++) {
            Set<Integer> cards = new TreeSet<>();
            for (int card : FairQueues.deal(hash * 0x9E3779B97F4A7C15L, 8, 5)) {
                assertThat(card).isBetween(0, 7);
                cards.add(card);
            }
            assertThat(cards).hasSize(5);
        }
    }

    private boolean enter(FlowControl flow, String user, String name) {
        return flow.enter(
                flow.classify(get(User.of(user), "pods")),
                1,
                () -> log.add(name + " goes"),
                why -> log.add(name + " " + why));
    }

    /** A request that holds its seat for a while and then notes that it is over. */
    private void request(FlowControl flow, Actor clients, String user, String name) {
        FlowTicket ticket = flow.classify(get(User.of(user), "pods"));
        Runnable work = () -> clients.schedule(SERVICE, () -> {
            log.add(name);
            flow.end(ticket);
        });
        if (flow.enter(ticket, 1, work, why -> log.add(name + " " + why))) {
            work.run();
        }
    }

    private static AccessRequest get(User user, String resource) {
        return new AccessRequest(user, "get", "", "v1", resource, "", "default", "x", "");
    }

    private static String limited(int shares, String response) {
        return "'type':'Limited','limited':{'nominalConcurrencyShares':%d,'limitResponse':{%s}}"
                .formatted(shares, response);
    }

    private static String queued(int shares, int queues, int hand, int length) {
        return limited(
                shares,
                "'type':'Queue','queuing':{'queues':%d,'handSize':%d,'queueLengthLimit':%d}"
                        .formatted(queues, hand, length));
    }

    private static final class Rules implements FlowSource {
        private final List<ObjectNode> levels = new ArrayList<>();
        private final List<ObjectNode> schemas = new ArrayList<>();
        private long edition;

        void level(String name, String spec) {
            levels.add(json("{'metadata':{'name':'%s','uid':'uid-%s'},'spec':{%s}}".formatted(name, name, spec)));
        }

        void schema(String name, int precedence, String level, String distinguisher, String kind, String subject) {
            schemas.add(json(("{'metadata':{'name':'%s','uid':'uid-%s'},'spec':{'matchingPrecedence':%d,"
                            + "'priorityLevelConfiguration':{'name':'%s'},'distinguisherMethod':{'type':'%s'},"
                            + "'rules':[{'subjects':[{'kind':'%s','%s':{'name':'%s'}}],"
                            + "'resourceRules':[{'verbs':['*'],'apiGroups':['*'],'resources':['*'],'clusterScope':true,"
                            + "'namespaces':['*']}],'nonResourceRules':[{'verbs':['*'],'nonResourceURLs':['*']}]}]}}")
                    .formatted(
                            name,
                            name,
                            precedence,
                            level,
                            distinguisher,
                            kind,
                            kind.equals("User") ? "user" : "group",
                            subject)));
        }

        private static ObjectNode json(String text) {
            return (ObjectNode) Json.read(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public long edition() {
            return edition;
        }

        @Override
        public List<ObjectNode> levels() {
            return levels;
        }

        @Override
        public List<ObjectNode> schemas() {
            return schemas;
        }
    }
}
