package dev.outrun.engine.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.outrun.schema.run.RunId;
import dev.outrun.schema.work.Heartbeat;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

final class WorkersTest {

    private static final RunId A = new RunId(new UUID(0, 1));
    private static final RunId B = new RunId(new UUID(0, 2));

    private final Workers workers = new Workers(Duration.ofSeconds(10));
    private Instant now = Instant.parse("2026-01-02T03:04:05Z");

    @Test
    void session_newer_losesAllThatOlderOnesHold() {
        // Given
        workers.claimed("w@1", A);
        workers.claimed("w@2", B);

        // When
        var losses = workers.heard(new Heartbeat("w", 3, false));

        // Then
        assertEquals(
                List.of(new Loss(A, "worker started again"), new Loss(B, "worker started again")),
                losses);
    }

    @Test
    void session_newer_losesNothingOfWorkersWhoseNamesBeginAlike() {
        // Given
        workers.claimed("w@x@1", A);
        workers.claimed("w2@1", B);
        workers.claimed("w@", new RunId(new UUID(0, 3)));

        // When
        var losses = workers.heard(new Heartbeat("w", 9, true));

        // Then
        assertEquals(List.of(), losses);
    }

    @Test
    void session_thatLeft_isGoneWhateverItSaysAfterwards() {
        // Given
        workers.heard(new Heartbeat("w", 1, true));

        // When
        workers.heard(new Heartbeat("w", 1, false));

        // Then
        assertEquals("worker left", workers.goneBecause("w@1"));
        assertNull(workers.goneBecause("w@2"));
    }

    @Test
    void run_released_isNotLost() {
        // Given
        workers.claimed("w@1", A);
        workers.released("w@1", A);
        workers.released("w@1", A);

        // When
        var losses = workers.heard(new Heartbeat("w", 2, false));

        // Then
        assertEquals(List.of(), losses);
    }

    @Test
    void claim_byASilentWorker_isASignOfLife() {
        // Given
        workers.claimed("w@1", A);
        look(9);

        // When
        workers.claimed("w@1", B);

        // Then
        assertEquals(List.of(), look(9));
        assertEquals(2, look(1).size());
    }

    @Test
    void worker_forgottenAfterItsSilence_canComeBack() {
        // Given
        workers.heard(new Heartbeat("w", 1, true));

        // When
        look(10);

        // Then
        assertNull(workers.goneBecause("w@1"));
    }

    @Test
    void clock_setBack_isNoSilence() {
        // Given
        workers.claimed("w@1", A);
        look(5);
        now = now.minusSeconds(3_600);

        // When / Then
        assertEquals(List.of(), look(4));
    }

    /** Seconds go by, with a look at each. */
    private List<Loss> look(int seconds) {
        List<Loss> losses = new ArrayList<>(workers.silent(now));
        for (int s = 0; s < seconds; s++) {
            now = now.plusSeconds(1);
            losses.addAll(workers.silent(now));
        }
        return losses;
    }
}
