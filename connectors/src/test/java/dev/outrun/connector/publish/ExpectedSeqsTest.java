package dev.outrun.connector.publish;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.outrun.schema.run.RunId;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class ExpectedSeqsTest {

    @Test
    void run_usedLongestAgo_fallsOut() {
        // Given
        ExpectedSeqs seqs = new ExpectedSeqs(2);
        seqs.put(run(1), "one", 1);
        seqs.put(run(2), "two", 2);
        assertNotNull(seqs.get(run(1)));

        // When
        seqs.put(run(3), "three", 3);

        // Then
        assertNull(seqs.get(run(2)));
        assertNotNull(seqs.get(run(1)));
        assertEquals(2, seqs.size());
    }

    @Test
    void run_withRecordsInFlight_staysUntilTheyAreAcknowledged() {
        // Given
        ExpectedSeqs seqs = new ExpectedSeqs(1);
        seqs.put(run(1), "one", 7);
        ExpectedSeqs.Entry entry = seqs.get(run(1));
        assertNotNull(entry);
        entry.sending();

        // When
        seqs.put(run(2), "two", 0);

        // Then
        assertNotNull(seqs.get(run(2)));
        ExpectedSeqs.Entry kept = seqs.get(run(1));
        assertNotNull(kept);
        assertEquals(8, kept.next());

        // When
        entry.acknowledged();
        seqs.put(run(3), "three", 0);

        // Then
        assertEquals(1, seqs.size());
    }

    private static RunId run(int number) {
        return new RunId(new UUID(0, number));
    }
}
