package dev.amphora.samples.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ComparisonTest {
    private static final String UID = "0d9f0a3e-6c2b-4c0c-9d5d-3f2c9e1a7b10";
    private static final String OTHER_UID = "7a1b2c3d-6c2b-4c0c-9d5d-3f2c9e1a7b10";

    private final Bindings bindings = new Bindings();

    private List<String> compare(String want, String got) {
        return Comparison.of(Trees.read(want), Trees.read(got), bindings, "body");
    }

    @Test
    void equalTreesDifferInNothingWhateverTheOrderOfMembers() {
        assertThat(compare("{\"a\": 1, \"b\": [true, null]}", "{\"b\": [true, null], \"a\": 1.0}"))
                .isEmpty();
    }

    @Test
    void everyDifferenceIsToldWithItsPath() {
        assertThat(compare("{\"a\": 1, \"b\": {\"c\": \"x\"}, \"d\": []}", "{\"a\": 2, \"b\": {\"e\": 1}, \"d\": [1]}"))
                .containsExactly(
                        "body.a: want 1, got 2",
                        "body.b.c: missing, want \"x\"",
                        "body.b.e: not expected, got 1",
                        "body.d: want 0 elements, got 1: [] / [1]");
    }

    @Test
    void absentIsNotNullAndEmpty() {
        assertThat(compare("{\"a\": null}", "{\"a\": []}")).hasSize(1);
        assertThat(compare("{\"a\": []}", "{}")).hasSize(1);
    }

    @Test
    void placeholderMeansTheSameValueEverywhere() {
        assertThat(compare("[\"${uid:1}\", \"is ${uid:1}.\"]", "[\"%s\", \"is %s.\"]".formatted(UID, UID)))
                .isEmpty();
        assertThat(compare("\"${uid:1}\"", "\"" + OTHER_UID + "\"")).hasSize(1);
    }

    @Test
    void differentNumbersMeanDifferentValues() {
        assertThat(compare("[\"${uid:1}\", \"${uid:2}\"]", "[\"%s\", \"%s\"]".formatted(UID, UID)))
                .containsExactly("body[1]: ${uid:2} and ${uid:1} are both \"" + UID + "\"");
    }

    @Test
    void largerRevisionsAreLater() {
        assertThat(compare("[\"${rv:1}\", \"${rv:3}\"]", "[\"9\", \"12\"]")).isEmpty();
        assertThat(compare("\"${rv:2}\"", "\"13\"")).hasSize(1);
        assertThat(compare("\"${rv:2}\"", "\"10\"")).isEmpty();
    }

    @Test
    void placeholderTakesValuesOfItsKindOnly() {
        assertThat(compare("\"${time}\"", "\"2026-01-01T00:00:00Z\"")).isEmpty();
        assertThat(compare("\"${time}\"", "\"yesterday\"")).hasSize(1);
        assertThat(compare("\"${managedFields}\"", "[{}]")).isEmpty();
    }

    @Test
    void namesOfMembersCanBePlaceholdersToo() {
        assertThat(compare("{\"k-${uid:1}\": 1}", "{\"k-%s\": 1}".formatted(UID)))
                .isEmpty();
        assertThat(compare("{\"k-${uid:1}\": 1}", "{\"k-%s\": 1}".formatted(OTHER_UID)))
                .isNotEmpty();
    }

    @Test
    void whatTheBuildOfTheReferenceShowsIsMasked() {
        assertThat(compare("\"in scheme \\\"a.go:1\\\"\"", "\"in scheme \\\"b\\\"\""))
                .isEmpty();
    }

    @Test
    void ignoredPathsAndFurtherMembersOfPartsAreNotCompared() {
        assertThat(Comparison.of(
                        Trees.read("{\"a\": 1, \"b\": 1}"),
                        Trees.read("{\"a\": 2, \"b\": 1, \"c\": 1}"),
                        bindings,
                        "body",
                        Set.of("body.a"),
                        true))
                .isEmpty();
    }

    @Test
    void requestsSendWhatAnswersShowed() {
        compare("{\"u\": \"${uid:1}\", \"n\": \"${nodePort:1}\"}", "{\"u\": \"%s\", \"n\": 30000}".formatted(UID));

        assertThat(bindings.fill(Trees.read("{\"p\": \"/a/${uid:1}\", \"n\": \"${nodePort:1}\", \"x\": \"${ip:1}\"}"))
                        .toString())
                .isEqualTo("{\"p\":\"/a/%s\",\"n\":30000,\"x\":\"${ip:1}\"}".formatted(UID));
    }

    @Test
    void futureRevisionIsFarBeyondAllThatWereSeen() {
        compare("\"${rv:1}\"", "\"41\"");

        assertThat(bindings.fill("${rv:future}")).isEqualTo("100041");
    }

    @Test
    void whereTheSchedulerChoosesTheNodeItsZoneIsChanceToo() {
        List<String> got = List.of("    NodeName:  node-3", "    Zone:  z2");

        assertThat(OutputComparison.equal(List.of("    NodeName:  ${node}", "    Zone:  z1"), got, false))
                .isTrue();
        assertThat(OutputComparison.equal(List.of("    NodeName:  node-3", "    Zone:  z1"), got, false))
                .isFalse();
    }
}
