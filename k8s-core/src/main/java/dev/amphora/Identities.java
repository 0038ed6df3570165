package dev.amphora;

import dev.amphora.apiserver.ApiServer;
import dev.amphora.apiserver.access.User;
import dev.amphora.client.Client;
import dev.amphora.client.InProcessClient;
import dev.amphora.controller.Controller;
import dev.amphora.controller.ControllerAccounts;
import java.util.List;

/**
 * As whom the cluster's own parts act: under the names that the reference gives them, and with the rights that the bootstrap roles and the
 * node authorizer give these names. Where the authorization modes leave one of these out, the parts it would serve are members of
 * {@code system:masters} instead, for else the cluster could not work.
 */
final class Identities {
    static final String MANAGER = "kube-controller-manager";

    private final ApiServer server;
    private final String managerProgram;
    private final boolean byRoles;
    private final boolean byNode;

    /** @param managerProgram what the user agent of the controllers begins with */
    Identities(ApiServer server, List<String> authorizationModes, String managerProgram) {
        this.server = server;
        this.managerProgram = managerProgram;
        byRoles = authorizationModes.contains("RBAC");
        byNode = byRoles && authorizationModes.contains("Node");
    }

    /** The API server itself, which may do everything. */
    Client server() {
        return client(User.of("system:apiserver", User.MASTERS), "kube-apiserver");
    }

    /** A component such as {@code kube-scheduler}: the user {@code system:kube-scheduler}. */
    Client component(String name) {
        return client(user(name), name);
    }

    private User user(String component) {
        return restricted(User.of("system:" + component), byRoles);
    }

    /** What reads for all controllers. */
    Client controllerManager() {
        return client(user(MANAGER), managerProgram);
    }

    /** A controller: a service account, if it is one of the reference's; with all rights, if it is somebody's own. */
    Client controller(Controller controller) {
        if (controller.name().equals("serviceaccount-token-controller")) {
            return controllerManager();
        }
        return ControllerAccounts.of(controller.name())
                .map(account -> client(
                        restricted(User.serviceAccount(ControllerAccounts.NAMESPACE, account), byRoles),
                        managerProgram))
                .orElseGet(() -> client(User.of("system:" + MANAGER, User.MASTERS), managerProgram));
    }

    /** The kubelet of a node. */
    Client kubelet(String node) {
        return client(restricted(User.of("system:node:" + node, "system:nodes"), byNode), "kubelet@" + node);
    }

    private static User restricted(User user, boolean restricted) {
        return restricted ? user : User.of(user.name(), User.MASTERS);
    }

    private Client client(User user, String userAgent) {
        return new InProcessClient(server, user, userAgent);
    }
}
