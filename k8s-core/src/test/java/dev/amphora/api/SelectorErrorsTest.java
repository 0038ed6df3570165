package dev.amphora.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** What is said of selectors that can't be understood. */
class SelectorErrorsTest {

    @Test
    void theFirstTermInOrderThatIsWrongIsNamedBesideTheWhole() {
        assertThatThrownBy(() -> FieldSelector.parse("status.phase=Running,z,b"))
                .hasMessage("invalid selector: 'status.phase=Running,z,b'; can't understand 'b'");
    }

    @Test
    void everythingThatIsWrongWithAComparisonIsTold() {
        assertThatThrownBy(() -> Selector.parse("a>_b"))
                .hasMessageStartingWith(
                        "unable to parse requirement: [values[0]: Invalid value: \"_b\": for 'Gt', 'Lt'"
                                + " operators, the value must be an integer, values[0][a]: Invalid value: \"_b\": a valid label");
        assertThat(Selector.parse("a>9223372036854775807").requirements()).hasSize(1);
    }
}
