package dev.amphora.apiserver.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is wrong with metadata is repeated as often as the reference comes across it in an update of a kind. */
final class UpdatedMetadataTest {

    @ParameterizedTest
    @CsvSource({
        "'', configmaps, 4",
        "'', secrets, 4",
        "'', serviceaccounts, 4",
        "'', endpoints, 4",
        "'', namespaces, 4",
        "'', podtemplates, 3",
        "apps, statefulsets, 3",
        "apps, deployments, 3",
        "policy, poddisruptionbudgets, 2",
        "storage.k8s.io, csinodes, 3",
        "networking.k8s.io, servicecidrs, 3",
        "rbac.authorization.k8s.io, roles, 4",
    })
    void errorsRepeat(String group, String plural, int times) {
        ObjectNode old = Kinds.created(group, plural, "{'metadata':{'name':'x','namespace':'n'}}");
        Strategies.metadata(old).put("resourceVersion", "1");
        ObjectNode object = old.deepCopy();
        Strategies.metadata(object).putObject("annotations").put("Bad Key!", "v");

        assertThat(Kinds.texts(StrategyRegistry.strategy(group, plural).validateUpdate(object, old)))
                .filteredOn(text -> text.startsWith("metadata.annotations"))
                .hasSize(times);
    }
}
