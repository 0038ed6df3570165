package dev.amphora;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.time.Clock;
import java.time.Instant;
import java.util.Random;
import java.util.Timer;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.BaseStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds the floor plan: who may see whom, and where time comes from. */
class ArchitectureTest {
    private static final String ROOT = "dev.amphora";
    private static JavaClasses classes;

    @BeforeAll
    static void load() {
        classes = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages(ROOT);
    }

    @Test
    void theRulesSeeTheWholeHouse() {
        assertThat(classes.size()).isGreaterThan(300);
    }

    @Test
    void arrowsOnlyGoDown() {
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("root")
                .definedBy(ROOT)
                .layer("rest")
                .definedBy(ROOT + ".rest..")
                .layer("scheduler")
                .definedBy(ROOT + ".scheduler..")
                .layer("controller")
                .definedBy(ROOT + ".controller..")
                .layer("kubelet")
                .definedBy(ROOT + ".kubelet..")
                .layer("proxy")
                .definedBy(ROOT + ".proxy..")
                .layer("apiserver")
                .definedBy(ROOT + ".apiserver..")
                .layer("client")
                .definedBy(ROOT + ".client..")
                .layer("store")
                .definedBy(ROOT + ".store..")
                .layer("api")
                .definedBy(ROOT + ".api..")
                .layer("kernel")
                .definedBy(ROOT + ".kernel..")
                .layer("stream")
                .definedBy(ROOT + ".stream..")
                .whereLayer("root")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("rest")
                .mayOnlyBeAccessedByLayers("root")
                .whereLayer("scheduler")
                .mayOnlyBeAccessedByLayers("root")
                .whereLayer("controller")
                .mayOnlyBeAccessedByLayers("root")
                .whereLayer("kubelet")
                .mayOnlyBeAccessedByLayers("root")
                .whereLayer("proxy")
                .mayOnlyBeAccessedByLayers("root")
                .whereLayer("apiserver")
                .mayOnlyBeAccessedByLayers("root", "rest", "client")
                .whereLayer("client")
                .mayOnlyBeAccessedByLayers("root", "scheduler", "controller", "kubelet", "proxy")
                .whereLayer("store")
                .mayOnlyBeAccessedByLayers("root", "apiserver")
                .whereLayer("api")
                .mayNotAccessAnyLayer()
                .whereLayer("kernel")
                .mayNotAccessAnyLayer()
                .whereLayer("stream")
                .mayNotAccessAnyLayer()
                .check(classes);
    }

    @Test
    void ofTheClientOnlyTheInProcessOneSeesTheServer() {
        noClasses()
                .that()
                .resideInAPackage(ROOT + ".client..")
                .and()
                .doNotHaveSimpleName("InProcessClient")
                .and()
                .haveNameNotMatching(".*InProcessClient\\$.*")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(ROOT + ".apiserver..")
                .check(classes);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(classes);
    }

    @ParameterizedTest
    @MethodSource("clocksThreadsAndChance")
    void onlyTheKernelTouches(ArchRule rule) {
        rule.because("everything else must run in simulation").check(classes);
    }

    static Stream<ArchRule> clocksThreadsAndChance() {
        return Stream.of(
                outsideTheKernel()
                        .should()
                        .callMethodWhere(
                                target(owner(assignableTo(Instant.class))).and(target(name("now")))),
                outsideTheKernel()
                        .should()
                        .callMethodWhere(
                                target(owner(resideInAnyPackage("java.time"))).and(target(name("now")))),
                outsideTheKernel()
                        .should()
                        .callMethodWhere(
                                target(owner(assignableTo(Clock.class))).and(target(nameMatching("system.*")))),
                outsideTheKernel()
                        .should()
                        .callMethodWhere(target(owner(assignableTo(System.class)))
                                .and(target(nameMatching("nanoTime|currentTimeMillis")))),
                outsideTheKernel()
                        .should()
                        .callMethodWhere(target(owner(assignableTo(Thread.class)))
                                .and(target(nameMatching("start|sleep|onSpinWait")))),
                outsideTheKernel().should().callConstructorWhere(target(owner(assignableTo(Thread.class)))),
                outsideTheKernel().should().callConstructorWhere(target(owner(assignableTo(ExecutorService.class)))),
                outsideTheKernel().should().callConstructorWhere(target(owner(assignableTo(Timer.class)))),
                outsideTheKernel().should().callMethodWhere(target(owner(assignableTo(Executors.class)))),
                outsideTheKernel().should().dependOnClassesThat().belongToAnyOf(ThreadLocalRandom.class),
                outsideTheKernel()
                        .should()
                        .callConstructorWhere(target(owner(assignableTo(Random.class)))
                                .and(target(owner(nameMatching("java.util.*"))))),
                outsideTheKernel().should().callMethod(UUID.class, "randomUUID"),
                outsideTheKernel().should().callMethod(Math.class, "random"),
                outsideTheKernel()
                        .should()
                        .callMethodWhere(
                                target(owner(assignableTo(BaseStream.class))).and(target(name("parallel")))),
                outsideTheKernel().should().callMethodWhere(target(name("parallelStream"))),
                outsideTheKernel().should().callMethod(System.class, "identityHashCode", Object.class),
                outsideTheKernel()
                        .should()
                        .callMethodWhere(target(owner(assignableTo(CompletableFuture.class)))
                                .and(target(nameMatching("delayedExecutor|orTimeout|completeOnTimeout")))));
    }

    private static com.tngtech.archunit.lang.syntax.elements.GivenClassesConjunction outsideTheKernel() {
        return noClasses().that().resideInAPackage(ROOT + "..").and().resideOutsideOfPackage(ROOT + ".kernel..");
    }
}
