package dev.amphora.apiserver.encryption;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Configurations, as kube-apiserver takes them. */
class EncryptionConfigurationTest {
    private static final String HEAD =
            "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n";
    private static final String KEY = "keys: [{name: k, secret: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=}]";

    @Test
    void chooseByResourceThenGroupThenAll() {
        EncryptionConfiguration read = EncryptionConfiguration.parse(HEAD
                + "- resources: [secrets, pandas.awesome.bears.example]\n  providers: [{aesgcm: {" + KEY
                + "}}, {identity: {}}]\n"
                + "- resources: ['*.apps']\n  providers: [{aescbc: {" + KEY + "}}]\n"
                + "- resources: ['*.*']\n  providers: [{secretbox: {" + KEY + "}}]\n");

        assertThat(prefix(read, "", "secrets")).isEqualTo("k8s:enc:aesgcm:v1:k:");
        assertThat(prefix(read, "awesome.bears.example", "pandas")).isEqualTo("k8s:enc:aesgcm:v1:k:");
        assertThat(prefix(read, "apps", "deployments")).isEqualTo("k8s:enc:aescbc:v1:k:");
        assertThat(prefix(read, "", "configmaps")).isEqualTo("k8s:enc:secretbox:v1:k:");
        assertThat(read.toString()).doesNotContain("AAAA");
    }

    @Test
    void leaveOthersAlone() {
        EncryptionConfiguration read =
                EncryptionConfiguration.parse(HEAD + "- resources: ['*.']\n  providers: [{aesgcm: {" + KEY + "}}]\n");

        assertThat(prefix(read, "", "secrets")).startsWith("k8s:enc:");
        assertThat(prefix(read, "apps", "deployments")).isEmpty();
    }

    static Stream<Arguments> wrong() {
        return Stream.of(
                Arguments.of(
                        "- resources: [secrets]\n  providers: [{kms: {name: x}}]",
                        "key management services are not supported"),
                Arguments.of(
                        "- resources: [secrets]\n  providers: [{aesgcm: {keys: [{name: k, secret: AAAA}]}}]",
                        "got 3, expected one of [16 24 32]"),
                Arguments.of(
                        "- resources: [secrets]\n  providers: [{aesgcm: {keys: [{name: k, secret: '-'}]}}]",
                        "secrets must be base64 encoded"),
                Arguments.of(
                        "- resources: [secrets]\n  providers: [{identity: {}, aesgcm: {}}]", "more than one provider"),
                Arguments.of("- resources: [secrets]\n  providers: []", "at least one provider is required"),
                Arguments.of("- resources: []\n  providers: [{identity: {}}]", "at least one resource is required"),
                Arguments.of("- resources: ['*']\n  providers: [{identity: {}}]", "use '*.'"),
                Arguments.of("- resources: [Secrets]\n  providers: [{identity: {}}]", "capital letters"),
                Arguments.of("- resources: [secrets, '*.']\n  providers: [{identity: {}}]", "overlapping"),
                Arguments.of(
                        "- resources: ['*.*']\n  providers: [{identity: {}}]\n- resources: [secrets]\n  providers: [{identity: {}}]",
                        "masked"));
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void areRefusedWithTheReason(String resources, String why) {
        assertThatThrownBy(() -> EncryptionConfiguration.parse(HEAD + resources))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(why);
    }

    private static String prefix(EncryptionConfiguration read, String group, String plural) {
        byte[] stored = read.cipher(group, plural).toStorage(new byte[0], "/x", bytes -> {});
        String text = new String(stored, StandardCharsets.ISO_8859_1);
        return text.substring(0, text.lastIndexOf(':') + 1);
    }
}
