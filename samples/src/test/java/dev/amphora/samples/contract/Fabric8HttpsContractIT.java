package dev.amphora.samples.contract;

import dev.amphora.Cluster;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;

/** fabric8's client over the network. */
class Fabric8HttpsContractIT extends WholeApiContract {
    @Override
    boolean isServed() {
        return true;
    }

    @Override
    Face open(Cluster server) {
        Config config = Config.fromKubeconfig(server.endpoint().orElseThrow().kubeconfig());
        config.setRequestRetryBackoffLimit(0);
        return new Fabric8Face(new KubernetesClientBuilder().withConfig(config).build());
    }
}
