package dev.amphora.samples.contract;

import dev.amphora.Cluster;

/** Requests as bytes without a socket. */
class LocalConnectionContractTest extends WholeApiContract {
    @Override
    Face open(Cluster server) {
        return new LocalFace(server.connection(), TOKEN);
    }
}
