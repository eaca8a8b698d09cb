package dev.outrun.api.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class InboxTest {

    private static final long LONG = TimeUnit.SECONDS.toNanos(60);

    @Test
    void take_afterOffers_givesAllInOrder() throws InterruptedException {
        // Given
        Inbox inbox = new Inbox(10, 1_000);
        inbox.offer(frame(3, 10));
        inbox.offer(frame(4, 10));

        // When
        Inbox.Taken taken = inbox.take(LONG);

        // Then
        assertEquals(List.of(3L, 4L), seqs(taken));
    }

    @Test
    void offer_beyondTheEventsMax_sendsTheReaderToTheLedger() throws InterruptedException {
        // Given
        Inbox inbox = new Inbox(3, 1_000);

        // When
        LongStream.range(0, 5).forEach(seq -> inbox.offer(frame(seq, 1)));

        // Then
        assertEquals(Inbox.Taken.Signal.REJOIN, inbox.take(LONG));
        assertEquals(Inbox.Taken.Signal.NOTHING, inbox.take(0));
        inbox.offer(frame(9, 1));
        assertEquals(List.of(9L), seqs(inbox.take(LONG)));
    }

    @Test
    void offer_beyondTheBytesMax_sendsTheReaderToTheLedger() throws InterruptedException {
        // Given
        Inbox inbox = new Inbox(10, 100);

        // When
        inbox.offer(frame(0, 60));
        inbox.offer(frame(1, 60));

        // Then
        assertEquals(Inbox.Taken.Signal.REJOIN, inbox.take(LONG));
    }

    @Test
    void offer_ofOneFrameLargerThanTheMax_isTaken() throws InterruptedException {
        // Given
        Inbox inbox = new Inbox(10, 100);

        // When
        inbox.offer(frame(0, 5_000));

        // Then
        assertEquals(List.of(0L), seqs(inbox.take(LONG)));
    }

    @Test
    void take_whileWaiting_wakesForAnOffer() throws Exception {
        // Given
        Inbox inbox = new Inbox(10, 100);
        CompletableFuture<Inbox.Taken> taken = taking(inbox);

        // When
        inbox.offer(frame(0, 1));

        // Then
        assertEquals(List.of(0L), seqs(taken.get(60, TimeUnit.SECONDS)));
    }

    @Test
    void close_whileWaiting_wakesTheReader() throws Exception {
        // Given
        Inbox inbox = new Inbox(10, 100);
        CompletableFuture<Inbox.Taken> taken = taking(inbox);

        // When
        inbox.close();

        // Then
        assertEquals(Inbox.Taken.Signal.CLOSED, taken.get(60, TimeUnit.SECONDS));
        assertTrue(inbox.isClosed());
    }

    private static CompletableFuture<Inbox.Taken> taking(Inbox inbox) {
        CompletableFuture<Inbox.Taken> taken = new CompletableFuture<>();
        Thread.ofVirtual()
                .start(() -> {
                    try {
                        taken.complete(inbox.take(LONG));
                    } catch (InterruptedException e) {
                        taken.completeExceptionally(e);
                    }
                });
        return taken;
    }

    private static Frame frame(long seq, int bytes) {
        return new Frame(seq, "a", false, new byte[bytes], null);
    }

    private static List<Long> seqs(Inbox.Taken taken) {
        return assertInstanceOf(Inbox.Taken.Live.class, taken).frames().stream()
                .map(Frame::seq)
                .toList();
    }
}
