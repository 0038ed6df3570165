package dev.amphora.samples.contract;

import dev.amphora.Cluster;

/** The client that the cluster's own parts use. */
class InProcessContractTest extends ApiContract {
    @Override
    Face open(Cluster server) {
        return new TypedFace(server.api("contract"));
    }
}
