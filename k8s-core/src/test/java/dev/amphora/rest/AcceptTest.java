package dev.amphora.rest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.rest.Accept.As;
import dev.amphora.rest.Accept.Format;
import dev.amphora.rest.Accept.Offer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AcceptTest {
    private static final String TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "application/json | JSON",
                "application/yaml, application/json | YAML",
                "application/json;q=0.5, application/yaml;q=0.9 | YAML",
                "application/json;q=0.5, application/yaml | YAML",
                "text/html, */*;q=0.8 | JSON",
                "*/*;q=0.1, application/yaml | YAML",
                "application/*, application/yaml | YAML",
                "application/vnd.kubernetes.protobuf, application/json | PROTOBUF",
                "application/json;q=abc | JSON",
                "application/json;profile=x | JSON",
                "application/json;stream=watch | JSON",
                "* | JSON",
            })
    void qualityDecidesThenTheOrder(String header, Format format) {
        assertThat(Accept.negotiate(header, Offer.RESOURCES))
                .isNotNull()
                .satisfies(accept -> assertThat(accept.format()).isEqualTo(format))
                .satisfies(accept -> assertThat(accept.as()).isNull());
    }

    @Test
    void nothingSentTakesAnything() {
        assertThat(Accept.negotiate(null, Offer.PLAIN)).isEqualTo(new Accept(Format.JSON, null, false));
        assertThat(Accept.negotiate("", Offer.PLAIN)).isEqualTo(new Accept(Format.JSON, null, false));
    }

    @Test
    void transformationsNeedKindGroupAndVersion() {
        Accept accept = Accept.negotiate(TABLE, Offer.RESOURCES);
        assertThat(accept).isNotNull();
        assertThat(accept.as()).isEqualTo(new As("meta.k8s.io", "v1", "Table"));
        assertThat(Accept.negotiate("application/json;as=Table;g=meta.k8s.io", Offer.RESOURCES))
                .isNull();
        assertThat(Accept.negotiate("application/json;as=Table;v=v1", Offer.RESOURCES))
                .isNull();
        assertThat(Accept.negotiate("application/json;v=v1;g=meta.k8s.io", Offer.RESOURCES))
                .isNull();
    }

    @Test
    void whatAnEndpointDoesNotOfferFallsThroughToTheNextClause() {
        assertThat(Accept.negotiate(TABLE, Offer.PLAIN)).isNull();
        assertThat(Accept.negotiate(TABLE + ",application/json", Offer.PLAIN))
                .isEqualTo(new Accept(Format.JSON, null, false));
        assertThat(Accept.negotiate("application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io", Offer.RESOURCES))
                .isNull();
        assertThat(Accept.negotiate("application/vnd.kubernetes.protobuf,application/json", Offer.CUSTOM_RESOURCES))
                .isEqualTo(new Accept(Format.JSON, null, false));
    }

    @Test
    void aggregatedDiscoveryWinsEvenAfterPlainJson() {
        As aggregated = new As("apidiscovery.k8s.io", "v2", "APIGroupDiscoveryList");
        assertThat(Accept.negotiateAs(
                        "application/json, application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
                        aggregated))
                .isNotNull();
        assertThat(Accept.negotiateAs(
                        "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json",
                        aggregated))
                .isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"application/*", "text/html", "application/cbor", "Application/JSON"})
    void theRouterKnowsWholeTypesOnly(String header) {
        assertThat(Accept.routable(header)).isFalse();
        assertThat(Accept.routable(header + ", */*")).isTrue();
        assertThat(Accept.routable(header + ", application/yaml;q=0")).isTrue();
    }
}
