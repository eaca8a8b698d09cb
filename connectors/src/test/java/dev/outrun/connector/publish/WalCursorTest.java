package dev.outrun.connector.publish;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.outrun.connector.source.Lsn;
import dev.outrun.connector.source.WalPlace;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class WalCursorTest {

    /** A committed transaction: where its changes lie, and its commit's begin and end. */
    private record Transaction(List<Lsn> changes, Lsn commit, Lsn end) {}

    @RepeatedTest(200)
    void changes_deliveredAgainAfterCuts_areAdmittedOnce(RepetitionInfo repetition) {
        // Given
        long seed = repetition.getCurrentRepetition();
        Random random = new Random(seed);
        List<Transaction> log = interleaved(random);
        List<Lsn> wanted = log.stream().flatMap(one -> one.changes().stream()).toList();
        List<Lsn> admitted = new ArrayList<>();
        Lsn confirmed = new Lsn(0);
        WalCursor cursor = new WalCursor(confirmed, confirmed);

        // When: streams break off anywhere, and begin anywhere up to the boundary
        while (admitted.size() < wanted.size()) {
            deliver(log, confirmed, random.nextInt(30), cursor, admitted);
            confirmed = somewhere(log, confirmed, cursor.boundary(), random);
            cursor.begin(confirmed);
        }

        // Then
        assertEquals(wanted, admitted, "seed " + seed);
    }

    @RepeatedTest(200)
    void changes_behindACheckpoint_areAdmittedByANewCursor(RepetitionInfo repetition) {
        // Given
        long seed = repetition.getCurrentRepetition();
        Random random = new Random(seed);
        List<Transaction> log = interleaved(random);
        int published = random.nextInt(log.size());
        Lsn checkpoint = published == 0 ? new Lsn(0) : log.get(published - 1).end();
        Lsn confirmed = somewhere(log, new Lsn(0), checkpoint, random);
        WalCursor cursor = new WalCursor(checkpoint, confirmed);
        List<Lsn> admitted = new ArrayList<>();

        // When
        deliver(log, confirmed, Integer.MAX_VALUE, cursor, admitted);

        // Then
        assertEquals(
                log.subList(published, log.size()).stream()
                        .flatMap(one -> one.changes().stream())
                        .toList(),
                admitted,
                "seed " + seed);
    }

    @Test
    void slot_pastTheCheckpoint_isRefused() {
        assertThrows(IllegalStateException.class, () -> new WalCursor(new Lsn(5), new Lsn(6)));
    }

    /** As Postgres does: whole transactions whose commit is not before the slot's position. */
    private static void deliver(
            List<Transaction> log, Lsn from, int count, WalCursor cursor, List<Lsn> admitted) {
        @Nullable Lsn after = null;
        int delivered = 0;
        for (Transaction transaction : log) {
            if (transaction.commit().isBefore(from)) {
                continue;
            }
            for (Lsn at : transaction.changes()) {
                if (delivered++ == count) {
                    return;
                }
                WalPlace place = new WalPlace(after, at);
                if (cursor.admits(place)) {
                    cursor.take(place);
                    admitted.add(at);
                }
            }
            after = transaction.end();
        }
    }

    /** The end of some commit between two positions. */
    private static Lsn somewhere(List<Transaction> log, Lsn from, Lsn to, RandomGenerator random) {
        List<Lsn> ends = new ArrayList<>(List.of(from, to));
        for (Transaction one : log) {
            if (!one.end().isBefore(from) && !to.isBefore(one.end())) {
                ends.add(one.end());
            }
        }
        return ends.get(random.nextInt(ends.size()));
    }

    /** Transactions of 1 to 6 changes, four of them being written at any time. */
    private static List<Transaction> interleaved(Random random) {
        List<Transaction> committed = new ArrayList<>();
        List<List<Lsn>> open = new ArrayList<>();
        long position = 10;
        while (committed.size() < 40) {
            while (open.size() < 4) {
                open.add(new ArrayList<>(List.of(new Lsn(position += 10))));
            }
            int number = random.nextInt(open.size());
            if (open.get(number).size() < 1 + random.nextInt(6)) {
                open.get(number).add(new Lsn(position += 10));
            } else {
                long commit = position += 10;
                // The commit's end may be the next change's position, as on PostgreSQL 17.
                committed.add(
                        new Transaction(
                                open.remove(number), new Lsn(commit), new Lsn(commit + 10)));
            }
        }
        return committed;
    }
}
