package dev.amphora.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.AccessRequest;
import dev.amphora.apiserver.access.User;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ImpersonationTest {
    private static final String ON = "impersonate-on:user-info:list pods";

    private final List<String> asked = new ArrayList<>();

    private User as(DirectCall call, User real, String... rights) {
        Set<String> allowed = Set.of(rights);
        return Impersonation.of(
                call, real, () -> new AccessRequest(real, "list", "", "v1", "pods", "", "n", "", ""), access -> {
                    String text = access.verb() + " " + access.resourceWithSubresource()
                            + (access.verb().startsWith("impersonate-on") ? "" : " " + access.name());
                    asked.add(text);
                    if (!allowed.contains(text)) {
                        throw StatusException.forbidden(
                                access.group(), access.resource(), access.name(), access.refusal());
                    }
                });
    }

    private static DirectCall call(String... headers) {
        DirectCall call = new DirectCall("GET", "/api/v1/namespaces/n/pods", new byte[0]);
        for (int i = 0; i < headers.length; i += 2) {
            call.with(headers[i], headers[i + 1]);
        }
        return call;
    }

    @Test
    void withoutHeadersNothingIsAsked() {
        assertThat(as(call(), User.of("alice"))).isEqualTo(User.of("alice"));
        assertThat(asked).isEmpty();
    }

    @Test
    void constrainedRightsAreAskedForFirst() {
        User bob = as(call("Impersonate-User", "bob"), User.of("alice"), ON, "impersonate:user-info users bob");

        assertThat(bob).isEqualTo(User.of("bob"));
        assertThat(asked).containsExactly(ON, "impersonate:user-info users bob");
    }

    @Test
    void theOldRightStillCounts() {
        User bob = as(call("Impersonate-User", "bob"), User.of("alice"), "impersonate users bob");

        assertThat(bob).isEqualTo(User.of("bob"));
        assertThat(asked).containsExactly(ON, "impersonate users bob");
    }

    @Test
    void refusalsNameWhatWasAskedFirst() {
        assertThatThrownBy(() -> as(call("Impersonate-User", "bob"), User.of("alice")))
                .hasMessage(
                        "pods is forbidden: User \"alice\" cannot impersonate-on:user-info:list resource \"pods\" in API"
                                + " group \"\" in the namespace \"n\"");
        assertThatThrownBy(() -> as(
                        call("Impersonate-User", "bob", "Impersonate-Group", "system:masters"),
                        User.of("alice"),
                        ON,
                        "impersonate:user-info users bob"))
                .hasMessageContaining("impersonating the system:masters group is not allowed");
    }

    @Test
    void serviceAccountsGetTheirGroups() {
        User robot = as(
                call("Impersonate-User", "system:serviceaccount:n:robot"),
                User.of("alice"),
                "impersonate-on:serviceaccount:list pods",
                "impersonate:serviceaccount serviceaccounts robot");

        assertThat(robot.groups())
                .containsExactly("system:serviceaccounts", "system:serviceaccounts:n", User.AUTHENTICATED);
    }

    @Test
    void aPodMayActAsTheNodeThatItRunsOn() {
        User agent = new User(
                "system:serviceaccount:n:agent",
                "",
                List.of(),
                Map.of("authentication.kubernetes.io/node-name", List.of("worker")));
        String on = "impersonate-on:associated-node:list pods";

        assertThat(as(call("Impersonate-User", "system:node:worker"), agent, on, "impersonate:associated-node nodes *")
                        .groups())
                .containsExactly("system:nodes", User.AUTHENTICATED);
        asked.clear();
        assertThatThrownBy(() -> as(call("Impersonate-User", "system:node:other"), agent, on))
                .isInstanceOf(StatusException.class);
        assertThat(asked).doesNotContain(on);
    }

    @Test
    void somebodyMustBeNamed() {
        assertThatThrownBy(() -> as(call("Impersonate-Group", "dev"), User.of("alice")))
                .hasMessage("requested &user.DefaultInfo{Name:\"\", UID:\"\", Groups:[]string{\"dev\"},"
                        + " Extra:map[string][]string(nil)} without impersonating a user name");
    }
}
