package dev.outrun.testkit;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The walls of docs/ARCHITECTURE.md. The classes are read once: that is what takes long. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ArchitectureTest {

    private static final String GENERATED = "dev.outrun.ledger.jooq..";

    private final JavaClasses outrun =
            new ClassFileImporter()
                    .withImportOption(new ImportOption.DoNotIncludeTests())
                    .importPackages("dev.outrun");

    @Test
    void schemas_useNothingOfOurs() {
        noClasses()
                .that()
                .resideInAPackage("dev.outrun.schema..")
                .should()
                .dependOnClassesThat(ours("dev.outrun.schema"))
                .check(outrun);
    }

    @Test
    void connectorsAndTopology_useOnlySchemas() {
        noClasses()
                .that()
                .resideInAPackage("dev.outrun.connector..")
                .should()
                .dependOnClassesThat(ours("dev.outrun.schema", "dev.outrun.connector"))
                .check(outrun);
        noClasses()
                .that()
                .resideInAPackage("dev.outrun.engine..")
                .should()
                .dependOnClassesThat(
                        ours("dev.outrun.schema", "dev.outrun.streams", "dev.outrun.engine"))
                .check(outrun);
        noClasses()
                .that()
                .resideInAPackage("dev.outrun.analytics..")
                .should()
                .dependOnClassesThat(
                        ours("dev.outrun.schema", "dev.outrun.streams", "dev.outrun.analytics"))
                .check(outrun);
        noClasses()
                .that()
                .resideInAPackage("dev.outrun.streams..")
                .should()
                .dependOnClassesThat(ours("dev.outrun.schema", "dev.outrun.streams"))
                .check(outrun);
    }

    @Test
    void services_useEachOtherOnlyThroughTheLedgerAndLeases() {
        noClasses()
                .that()
                .resideInAPackage("dev.outrun.ledger..")
                .should()
                .dependOnClassesThat(ours("dev.outrun.schema", "dev.outrun.ledger"))
                .check(outrun);
        noClasses()
                .that()
                .resideInAPackage("dev.outrun.worker..")
                .should()
                .dependOnClassesThat(
                        ours("dev.outrun.schema", "dev.outrun.ledger", "dev.outrun.worker"))
                .check(outrun);
        noClasses()
                .that()
                .resideInAPackage("dev.outrun.api..")
                .should()
                .dependOnClassesThat(
                        ours(
                                "dev.outrun.schema",
                                "dev.outrun.ledger",
                                "dev.outrun.worker.lease",
                                "dev.outrun.api"))
                .check(outrun);
    }

    @Test
    void server_isUsedByNothingButTheTestkit() {
        noClasses()
                .that()
                .resideOutsideOfPackages("dev.outrun.server..", "dev.outrun.testkit..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.outrun.server..")
                .check(outrun);
    }

    @Test
    void whatIsForTests_isUsedByNothingButTheTestkit() {
        noClasses()
                .that()
                .resideOutsideOfPackages("dev.outrun.ledger.memory..", "dev.outrun.testkit..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.outrun.ledger.memory..")
                .check(outrun);
        noClasses()
                .that()
                .resideOutsideOfPackages("dev.outrun.worker..", "dev.outrun.testkit..")
                .should()
                .dependOnClassesThat()
                .haveSimpleName("SteppedAttempt")
                .check(outrun);
    }

    @Test
    void engineAndAnalytics_arePure() {
        noClasses()
                .that()
                .resideInAnyPackage(
                        "dev.outrun.engine..", "dev.outrun.analytics..", "dev.outrun.streams..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "java.net..",
                        "java.sql..",
                        "javax.sql..",
                        "org.jooq..",
                        "io.helidon..",
                        "java.util.random..")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.util.Random")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(System.class, "getenv", String.class)
                .orShould()
                .callMethod(java.time.Instant.class, "now")
                .check(outrun);
        noClasses()
                .that()
                .resideInAnyPackage("dev.outrun.engine.run..", "dev.outrun.engine.queue..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.apache.kafka..", "dev.outrun.streams..")
                .check(outrun);
    }

    @Test
    void publisherAndSource_meetOnlyInTheConnector() {
        noClasses()
                .that()
                .resideInAPackage("dev.outrun.connector.publish..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.debezium..")
                .check(outrun);
        noClasses()
                .that()
                .resideInAPackage("dev.outrun.connector.source..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.apache.kafka.clients..")
                .check(outrun);
    }

    @Test
    void staticFields_areConstants() {
        fields().that()
                .areStatic()
                .and()
                .areDeclaredInClassesThat()
                .resideOutsideOfPackage(GENERATED)
                .should()
                .beFinal()
                .check(outrun);
    }

    @Test
    void everyPackage_saysWhatItIs_andIsNullMarked() {
        // When
        Set<String> unmarked = new TreeSet<>();
        for (JavaClass each : outrun) {
            String name = each.getPackageName();
            if (!name.startsWith("dev.outrun.ledger.jooq")
                    && each.getPackage()
                            .tryGetPackageInfo()
                            .filter(info -> info.isAnnotatedWith(NullMarked.class))
                            .isEmpty()) {
                unmarked.add(name);
            }
        }

        // Then
        assertEquals(Set.of(), unmarked);
    }

    @Test
    void names_sayWhatAThingIs() {
        classes()
                .that()
                .resideOutsideOfPackage(GENERATED)
                .should()
                .haveSimpleNameNotEndingWith("Util")
                .andShould()
                .haveSimpleNameNotEndingWith("Utils")
                .andShould()
                .haveSimpleNameNotEndingWith("Manager")
                .andShould()
                .haveSimpleNameNotEndingWith("Impl")
                .andShould()
                .haveSimpleNameNotEndingWith("Helper")
                .check(outrun);
    }

    /** Our classes outside of these packages. */
    private static DescribedPredicate<JavaClass> ours(String... allowed) {
        return DescribedPredicate.describe(
                "are of Outrun, outside of " + String.join(", ", allowed),
                each -> {
                    String name = each.getPackageName();
                    if (!name.startsWith("dev.outrun")) {
                        return false;
                    }
                    for (String prefix : allowed) {
                        if (name.equals(prefix) || name.startsWith(prefix + ".")) {
                            return false;
                        }
                    }
                    return true;
                });
    }
}
