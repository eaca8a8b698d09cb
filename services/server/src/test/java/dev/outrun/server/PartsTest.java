package dev.outrun.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

final class PartsTest {

    private final Parts parts = new Parts();
    private final List<String> closed = new ArrayList<>();

    @Test
    void part_thatIsStarting_isNotThereYetAndIsNotWaitedFor() {
        // Given
        CountDownLatch go = new CountDownLatch(1);
        AutoCloseable part = part("slow");

        // When
        Parts.Starting<AutoCloseable> starting =
                parts.later(
                        "slow",
                        () -> {
                            go.await();
                            return part;
                        });

        // Then
        assertEquals(Optional.empty(), starting.started());
        go.countDown();
        assertSame(part, starting.join());
        assertEquals(Optional.of(part), starting.started());
    }

    @Test
    void part_thatFailedToStart_isNeverThere() {
        // When
        Parts.Starting<AutoCloseable> starting =
                parts.later(
                        "broken",
                        () -> {
                            throw new IllegalStateException("port taken");
                        });

        // Then
        assertEquals(
                "port taken",
                assertThrows(IllegalStateException.class, starting::join).getMessage());
        assertEquals(Optional.empty(), starting.started());
        parts.close();
    }

    @Test
    void close_closesTheLastFirstAndGoesOnAfterAFailure() {
        // Given
        parts.add("first", part("first"));
        parts.add(
                "broken",
                () -> {
                    closed.add("broken");
                    throw new IllegalStateException("cannot");
                });
        parts.add("last", part("last"));

        // When
        parts.close();
        parts.close();

        // Then
        assertEquals(List.of("last", "broken", "first"), closed);
        assertThrows(IllegalStateException.class, () -> parts.add("late", part("late")));
    }

    private AutoCloseable part(String name) {
        return () -> closed.add(name);
    }
}
