package dev.amphora.samples.contract;

import dev.amphora.Cluster;

/** fabric8's client without a socket. */
class Fabric8ContractTest extends WholeApiContract {
    @Override
    Face open(Cluster server) {
        return new Fabric8Face(server.client());
    }
}
