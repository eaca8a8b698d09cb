package dev.outrun.testkit.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Every bug that is planted is found by the simulation, within a tenth of a build's seeds. */
@Tag("simulation")
final class MutationsTest {

    private static final Logger LOG = LoggerFactory.getLogger(MutationsTest.class);

    private static final Path PROJECT = Path.of("..", "..");
    private static final long SEEDS_MAX = 1_000;

    static Stream<Mutation> mutations() {
        return Mutation.all();
    }

    @ParameterizedTest
    @MethodSource("mutations")
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    void bug_thatIsPlanted_isFound(Mutation mutation, @TempDir Path folder) throws Exception {
        // Given
        var classes = new MutatedClasses(mutation.className(), mutation.mutated(PROJECT), folder);
        LongFunction<?> probe =
                (LongFunction<?>)
                        classes.loadClass(Probe.class.getName())
                                .getDeclaredConstructor()
                                .newInstance();

        // When
        long seed = 1;
        Object found = probe.apply(seed);
        while (found == null && seed < SEEDS_MAX) {
            seed++;
            found = probe.apply(seed);
        }

        // Then
        assertTrue(found != null, mutation + " is not found");
        LOG.info("found seed={} mutation=\"{}\" by=\"{}\"", seed, mutation.name(), found);
    }

    @Test
    void documentation_namesEveryBug() throws Exception {
        String page = Files.readString(PROJECT.resolve("docs").resolve("SIMULATION.md"));
        assertEquals(
                List.of(),
                Mutation.all().map(Mutation::name).filter(name -> !page.contains(name)).toList());
    }
}
