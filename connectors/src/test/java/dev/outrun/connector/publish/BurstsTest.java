package dev.outrun.connector.publish;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 1, unit = TimeUnit.MINUTES)
class BurstsTest {

    private final BlockingQueue<List<Integer>> taken = new LinkedBlockingQueue<>();
    private final BlockingQueue<Exception> failures = new LinkedBlockingQueue<>();
    private final Semaphore gate = new Semaphore(0);
    private final Bursts<Integer> bursts =
            new Bursts<>(
                    "bursts-test",
                    new Bursts.Limits(2, 4 << 10),
                    () -> Duration.ZERO,
                    kibibytes -> kibibytes << 10,
                    this::take,
                    failures::add);

    @AfterEach
    void close() {
        bursts.close();
    }

    @Test
    void items_putDuringABurst_areTheNextOne() throws Exception {
        // When
        bursts.put(1);
        assertEquals(List.of(1), taken.take());
        bursts.put(2);
        bursts.put(1);
        gate.release(2);

        // Then
        assertEquals(List.of(2, 1), taken.take());
    }

    @Test
    void put_interruptedWhileThereIsNoRoom_addsNothing() throws Exception {
        // Given: of 4 KiB, 3 are in a burst
        bursts.put(3);
        assertEquals(List.of(3), taken.take());

        // When
        Thread.currentThread().interrupt();
        assertThrows(InterruptedException.class, () -> bursts.put(2));
        gate.release(2);
        bursts.put(4);

        // Then
        assertEquals(List.of(4), taken.take());
    }

    @Test
    void item_largerThanTheRoom_isTakenAlone() throws Exception {
        // When
        bursts.put(100);
        assertEquals(List.of(100), taken.take());
        gate.release(2);
        bursts.put(1);

        // Then
        assertEquals(List.of(1), taken.take());
    }

    @Test
    void exception_isTold() throws Exception {
        // When
        bursts.put(0);

        // Then
        assertEquals("zero", failures.take().getMessage());
    }

    private void take(List<Integer> burst) throws IOException, InterruptedException {
        taken.add(List.copyOf(burst));
        if (burst.contains(0)) {
            throw new IOException("zero");
        }
        gate.acquire();
    }
}
