package dev.amphora.rest;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ResourcePathTest {

    @ParameterizedTest
    @CsvSource({
        "/api/v1/pods,'',v1,'',pods,'',''",
        "/api/v1/namespaces/n/pods,'',v1,n,pods,'',''",
        "/api/v1/namespaces/n/pods/,'',v1,n,pods,'',''",
        "/api/v1/namespaces/n/pods/p/log,'',v1,n,pods,p,log",
        "/apis/apps/v1/namespaces/n/deployments/d/scale,apps,v1,n,deployments,d,scale",
        "/api/v1/namespaces,'',v1,'',namespaces,'',''",
        "/api/v1/namespaces/n,'',v1,'',namespaces,n,''",
        "/api/v1/namespaces/n/,'',v1,'',namespaces,n,''",
        "/api/v1/namespaces/n/status,'',v1,'',namespaces,n,status",
        "/api/v1/namespaces/n/finalize,'',v1,'',namespaces,n,finalize",
        "/api/v1/namespaces//configmaps,'',v1,'',configmaps,'',''",
        "/apis/apps/v1,apps,v1,'','','',''",
        "/apis/apps/,apps,'','','','',''",
        "/apis,'','','','','',''",
        "/apis/,'','','','','',''",
        "/api,'','','','','',''",
    })
    void partsOfAPath(
            String path, String group, String version, String namespace, String resource, String name, String sub) {
        assertThat(ResourcePath.parse(path)).isNotNull().satisfies(target -> {
            assertThat(target.group()).isEqualTo(group);
            assertThat(target.version()).isEqualTo(version);
            assertThat(target.namespace()).isEqualTo(namespace);
            assertThat(target.resource()).isEqualTo(resource);
            assertThat(target.name()).isEqualTo(name);
            assertThat(target.subresource()).isEqualTo(sub);
            assertThat(target.watch()).isFalse();
        });
    }

    @Test
    void oldWatchPaths() {
        ResourcePath one = ResourcePath.parse("/api/v1/watch/namespaces/n/pods/p");
        assertThat(one).isNotNull();
        assertThat(one.watch()).isTrue();
        assertThat(one.namespace()).isEqualTo("n");
        assertThat(one.resource()).isEqualTo("pods");
        assertThat(one.name()).isEqualTo("p");
    }

    @Test
    void whatFollowsASubresourceIsKept() {
        ResourcePath proxy = ResourcePath.parse("/api/v1/namespaces/n/services/s/proxy/a/b");
        assertThat(proxy).isNotNull();
        assertThat(proxy.subresource()).isEqualTo("proxy");
        assertThat(proxy.rest()).isEqualTo("/a/b");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/version", "//api/v1", "/API/v1", "/healthz/ping"})
    void otherPathsAreNone(String path) {
        assertThat(ResourcePath.parse(path)).isNull();
    }

    @Test
    void anEmptyPartNamesNoResource() {
        assertThat(ResourcePath.parse("/api/v1/namespaces/n//configmaps"))
                .isNotNull()
                .satisfies(target -> assertThat(target.resource()).isEqualTo("/"));
    }
}
