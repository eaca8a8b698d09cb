package dev.outrun.connector.source;

import dev.outrun.schema.run.RunId;
import dev.outrun.schema.sql.PostgresAddress;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads what has committed since it last looked, again and again. Needs no replication.
 *
 * <p>Neither ids nor times say what is new, since transactions commit in another order than they
 * begin. So each look takes a snapshot, and what it delivers is what this snapshot sees and the one
 * before it did not. A run's appends come in seq order, and a snapshot never sees one without those
 * before it, as they all wait for the run's row. Among different runs there is no order.
 */
public final class PollingSource implements ChangeSource {

    private static final Logger LOG = LoggerFactory.getLogger(PollingSource.class);

    /** Of the log's end only that it rises is made use of: it says nothing about commits. */
    private static final String LOOK =
            """
            select pg_current_snapshot()::text, pg_current_wal_insert_lsn()::text,
                   (select coalesce(sum(strays), 0) from outrun.lease where connector = ?)
            """;

    private static final String RESOLVED =
            """
            select run_id from outrun.halted_run
            where resolved_at is not null and (shard & 1023) % ? = ?
            """;

    private final PostgresAddress postgres;
    private final Split split;
    private final List<Integer> shards;
    private final long restNanos;
    private final LinkedBlockingQueue<String> barriers = new LinkedBlockingQueue<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private String seen;
    private @Nullable Long strays;
    private @Nullable Thread thread;
    private volatile boolean closing;

    /**
     * A source of what this snapshot does not see.
     *
     * @param every how long it rests between two looks; as long as the last one took, if that is
     *     longer
     */
    public PollingSource(PostgresAddress postgres, Split split, Duration every, String snapshot) {
        this.postgres = postgres;
        this.split = split;
        this.shards = Coverage.none(split).shards();
        this.restNanos = every.toNanos();
        this.seen = snapshot;
    }

    @Override
    public synchronized CompletableFuture<Void> start(ChangeConsumer consumer) {
        if (closing) {
            ended.complete(null);
        } else {
            thread =
                    Thread.ofVirtual()
                            .name("outrun-polling-" + split.slot())
                            .start(() -> run(consumer));
        }
        return ended;
    }

    /** Delivers a marker behind all that has committed by now, soon. */
    public void barrier(String id) {
        barriers.add(id);
    }

    /** Nothing is kept for us. */
    @Override
    public void confirm(Lsn position) {}

    @Override
    public void close(Duration limit) {
        Thread looking;
        synchronized (this) {
            closing = true;
            looking = thread;
        }
        if (looking == null) {
            return;
        }
        looking.interrupt();
        try {
            ended.get(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            LOG.warn("the polling did not stop in time slot={} limit={}", split.slot(), limit);
        } catch (ExecutionException e) {
            LOG.debug("the polling had ended slot={}", split.slot(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run(ChangeConsumer consumer) {
        try (Connection connection = Outbox.connect(postgres)) {
            while (!closing) {
                long began = System.nanoTime();
                look(connection, consumer);
                rest(System.nanoTime() - began);
            }
            ended.complete(null);
        } catch (InterruptedException e) {
            ended.complete(null); // closed: only close() interrupts
        } catch (SQLException | ExecutionException | RuntimeException e) {
            if (closing) {
                ended.complete(null);
            } else {
                ended.completeExceptionally(e);
            }
        }
    }

    /** Until there is a barrier to deliver, or the time is over. */
    private void rest(long took) throws InterruptedException {
        String next = barriers.poll(Math.max(restNanos, took), TimeUnit.NANOSECONDS);
        if (next != null) {
            barriers.add(next);
        }
    }

    private void look(Connection connection, ChangeConsumer consumer)
            throws SQLException, InterruptedException, ExecutionException {
        List<String> asked = new ArrayList<>();
        barriers.drainTo(asked);
        try (PreparedStatement look = connection.prepareStatement(LOOK)) {
            look.setString(1, split.connector());
            ResultSet now = look.executeQuery();
            now.next();
            String snapshot = now.getString(1);
            Lsn end = Lsn.parse(now.getString(2));
            WalPlace place = new WalPlace(end, end);
            if (!snapshot.equals(seen)) {
                Coverage covered = new Coverage(shards, new Watermark(seen, List.of()));
                Outbox.read(connection, covered, place, consumer::accept);
                seen = snapshot;
            }
            deliverResolved(connection, place, consumer);
            deliverStrays(now.getLong(3), place, consumer);
            for (String id : asked) {
                consumer.accept(new Change.Barrier(id, place));
            }
        }
        connection.commit(); // nothing was written; the next look is another transaction
    }

    private void deliverResolved(Connection connection, WalPlace place, ChangeConsumer consumer)
            throws SQLException, InterruptedException {
        try (PreparedStatement resolved = connection.prepareStatement(RESOLVED)) {
            resolved.setInt(1, split.count());
            resolved.setInt(2, split.number());
            ResultSet row = resolved.executeQuery();
            while (row.next()) {
                RunId run = new RunId(row.getObject(1, UUID.class));
                consumer.accept(new Change.Resolved(run, null, place));
            }
        }
    }

    private void deliverStrays(long told, WalPlace place, ChangeConsumer consumer)
            throws InterruptedException {
        Long before = strays;
        if (before != null && told > before) {
            consumer.accept(new Change.Strays(split.slot(), place));
        }
        strays = told;
    }
}
