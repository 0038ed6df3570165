package dev.amphora.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class ControllersTest {
    private final Controllers controllers = new Controllers(List::of, () -> "PEM");

    @Test
    void eachNameIsThatOfItsController() {
        for (String name : controllers.names()) {
            assertThat(controllers.named(name).orElseThrow().name()).isEqualTo(name);
        }
    }

    @Test
    void everyOneByDefaultIsAllButTheTwoThatTheReferenceHasOff() {
        assertThat(names("*"))
                .containsExactlyElementsOf(controllers.names().stream()
                        .filter(name ->
                                !name.equals("bootstrap-signer-controller") && !name.equals("token-cleaner-controller"))
                        .toList());
        assertThat(names("*,token-cleaner-controller")).contains("token-cleaner-controller");
    }

    @Test
    void theFirstThatNamesAControllerDecides() {
        assertThat(names("-job-controller,*,job-controller")).doesNotContain("job-controller");
        assertThat(names("job-controller,-job-controller")).containsExactly("job-controller");
        assertThat(names("-job-controller")).isEmpty();
    }

    @Test
    void formerNamesCount() {
        assertThat(names("podgc")).containsExactly("pod-garbage-collector-controller");
        assertThat(names("*,-service")).doesNotContain("service-lb-controller");
    }

    @Test
    void whatIsBehindAFeatureGateIsAcceptedAndDoesNothing() {
        assertThat(names("storage-version-migrator-controller")).isEmpty();
    }

    @Test
    void unknownNamesAreRefused() {
        assertThatThrownBy(() -> controllers.select("*,-nobody"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("\"nobody\" is not in the list of known controllers");
    }

    @Test
    void theTableOfTheDocumentationIsTrue() throws IOException {
        StringBuilder table = new StringBuilder();
        for (KnownControllers.Known each : KnownControllers.all()) {
            String type = controllers
                    .named(each.name())
                    .map(controller -> controller.getClass().getName().substring("dev.amphora.controller.".length()))
                    .orElse("-");
            String former = each.former().isEmpty() ? "-" : each.former();
            String state =
                    switch (each.presence()) {
                        case ON -> "on";
                        case OFF -> "off";
                        case ABSENT -> "nothing runs";
                    };
            table.append("| %s | %s | %s | %s |\n".formatted(each.name(), former, type, state));
        }
        assertThat(Files.readString(Path.of("docs/controllers.md"))).contains(table);
    }

    private List<String> names(String selection) {
        return controllers.select(selection).stream().map(Controller::name).toList();
    }
}
