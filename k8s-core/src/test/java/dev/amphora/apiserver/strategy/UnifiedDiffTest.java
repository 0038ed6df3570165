package dev.amphora.apiserver.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class UnifiedDiffTest {
    private static String diff(String before, String now) {
        return UnifiedDiff.of(List.of(before.split("")), List.of(now.split("")), 3);
    }

    @Test
    void showsThreeLinesAroundAChange() {
        assertThat(diff("abcdefghi", "abcdXfghi")).isEqualTo("@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+X\n f\n g\n h\n");
    }

    @Test
    void partsThatAreSixLinesOrLessAwayAreOne() {
        assertThat(diff("a123456b", "A123456B")).isEqualTo("@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n");
        assertThat(diff("a1234567b", "A1234567B"))
                .isEqualTo("@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n");
    }

    @Test
    void countsFromBeforeAnEmptyRange() {
        assertThat(UnifiedDiff.of(List.of(), List.of("a", "b"), 3)).isEqualTo("@@ -0,0 +1,2 @@\n+a\n+b\n");
        assertThat(UnifiedDiff.of(List.of("a"), List.of("b"), 3)).isEqualTo("@@ -1 +1 @@\n-a\n+b\n");
        assertThat(diff("ab", "ab")).isEmpty();
    }

    @Test
    void frequentLinesOfLongTextsBeginNoRun() {
        List<String> before = new ArrayList<>();
        List<String> now = new ArrayList<>();
        for (int i = 0; i < 120; i++) {
            before.add("null");
            before.add("old " + i);
            now.add("null");
            now.add("new " + i);
        }

        assertThat(UnifiedDiff.of(before, now, 3)).startsWith("@@ -1,240 +1,240 @@\n null\n-old 0\n-null\n");
    }

    @Test
    void showsTheFieldsOfTheInternalType() {
        JsonNode before = Json.read(
                "{\"accessModes\":[\"ReadWriteOnce\"],\"volumeName\":\"<v>\"}".getBytes(StandardCharsets.UTF_8));
        JsonNode now = Json.read(
                "{\"accessModes\":[\"ReadWriteMany\"],\"volumeName\":\"<v>\"}".getBytes(StandardCharsets.UTF_8));

        assertThat(SpecDiff.of(before, now, "core.v1.PersistentVolumeClaimSpec"))
                .isEqualTo(
                        """
                        @@ -1,6 +1,6 @@
                         {
                          "AccessModes": [
                        -  "ReadWriteOnce"
                        +  "ReadWriteMany"
                          ],
                          "Selector": null,
                          "Resources": {
                        """);
        assertThat(SpecDiff.of(before, Json.object(), "core.v1.PersistentVolumeClaimSpec"))
                .contains("- \"VolumeName\": \"\\u003cv\\u003e\",\n+ \"VolumeName\": \"\",\n");
    }
}
