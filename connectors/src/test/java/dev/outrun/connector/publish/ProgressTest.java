package dev.outrun.connector.publish;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class ProgressTest {

    private final List<Checkpoint> checkpoints = new ArrayList<>();
    private final Progress progress = new Progress(checkpoints::add);

    @Test
    void checkpoint_beforeAllIsAcknowledged_waits() {
        // Given
        Stretch first = progress.current();
        first.sending(2, 1);
        progress.next(checkpoint("0/1"), null);
        Stretch second = progress.current();
        second.sending(1, 1);
        progress.next(checkpoint("0/2"), null);

        // When
        second.acknowledged();
        first.acknowledged();

        // Then
        assertEquals(List.of(), checkpoints);
        assertFalse(progress.oldestUnacknowledged().isZero());
        assertEquals(1, progress.inFlight());

        // When
        first.acknowledged();

        // Then: only the latest of those reached at once
        assertEquals(List.of(checkpoint("0/2")), checkpoints);
        assertEquals(Duration.ZERO, progress.oldestUnacknowledged());
        assertEquals(0, progress.inFlight());
    }

    @Test
    void barrier_withRecordsBeforeIt_isPassedWithTheLast() {
        // Given
        CompletableFuture<Void> passed = progress.awaitBarrier("b");
        Stretch before = progress.current();
        before.sending(1, 1);
        progress.next(null, "b");

        // When
        boolean early = passed.isDone();
        before.acknowledged();

        // Then
        assertFalse(early);
        assertTrue(passed.isDone());
        assertEquals(List.of(), checkpoints);
    }

    @Test
    void barrier_awaitedAfterAFailure_failsAtOnce() {
        // Given
        progress.fail(new IllegalStateException("halted"));

        // When
        CompletableFuture<Void> passed = progress.awaitBarrier("b");

        // Then
        assertTrue(passed.isCompletedExceptionally());
    }

    private static Checkpoint checkpoint(String position) {
        return new Checkpoint("1", 1, position, List.of(1L));
    }
}
