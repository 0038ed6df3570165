package dev.amphora.rest;

import dev.amphora.apiserver.ApiServer;
import dev.amphora.apiserver.access.Authenticator;
import dev.amphora.apiserver.access.Authorizer;
import dev.amphora.apiserver.access.RbacAuthorizer;
import dev.amphora.apiserver.access.StaticTokens;
import dev.amphora.kernel.Kernel;
import dev.amphora.store.memory.MemoryStore;
import java.util.List;

/** An API server over memory with its HTTP face, and nobody else. */
final class TestServer implements AutoCloseable {
    static final String TOKENS = "admin,admin,1,\"system:masters\"\nalice,alice,2,dev\n";

    final MemoryStore store = new MemoryStore();
    final ApiServer apiServer;

    TestServer(Kernel kernel) {
        store.start(kernel);
        apiServer = ApiServer.builder(kernel, store)
                .authenticator(StaticTokens.parse(TOKENS))
                .authenticator(Authenticator.certificates())
                .authorizer(objects -> Authorizer.union(List.of(Authorizer.masters(), new RbacAuthorizer(objects))))
                .build()
                .start();
    }

    @Override
    public void close() {
        apiServer.close();
        store.close();
    }
}
