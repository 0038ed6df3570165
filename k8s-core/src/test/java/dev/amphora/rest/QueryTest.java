package dev.amphora.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class QueryTest {

    @Test
    void parametersKeepTheirOrderAndAllTheirValues() {
        Map<String, List<String>> parameters = Query.parse("a=1&b=x+y&a=2&c&=e&d=%C3%A4");

        assertThat(parameters.keySet()).containsExactly("a", "b", "c", "", "d");
        assertThat(parameters)
                .isEqualTo(Map.of(
                        "a",
                        List.of("1", "2"),
                        "b",
                        List.of("x y"),
                        "c",
                        List.of(""),
                        "",
                        List.of("e"),
                        "d",
                        List.of("ä")));
    }

    @Test
    void brokenPairsAreLeftOut() {
        assertThat(Query.parse("limit=%zz&a;b&ok=1&x=%4")).isEqualTo(Map.of("ok", List.of("1")));
        assertThat(Query.parse(null)).isEmpty();
    }

    @Test
    void pathsKeepTheirPlusSigns() {
        assertThat(Query.unescape("/a+b%2Fc", false)).isEqualTo("/a+b/c");
        assertThat(Query.unescape("/a%", false)).isNull();
    }

    @Test
    void bytesOfPathsThatAreNoTextStayApart() {
        assertThat(Query.unescapePath("/%C3%A4")).isEqualTo("/ä");
        assertThat(Query.unescapePath("/%C3%28")).isEqualTo("/\udcc3(");
        assertThat(Query.unescapePath("/%E2%82")).isEqualTo("/\udce2\udc82");
        assertThat(Query.unescapePath("/%zz")).isNull();
    }
}
