package dev.outrun.connector;

import dev.outrun.connector.publish.Publisher;
import dev.outrun.connector.source.ExportedSnapshot;
import dev.outrun.connector.source.PollingSource;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

/**
 * Fed by reading the table again and again, for a Postgres that allows no logical replication. What
 * it has read is known by a snapshot; after a lost connection nobody knows how much of the next one
 * was taken, so it does not resume: another one begins behind the watermark.
 */
final class PollingPipeline extends Pipeline {

    PollingPipeline(Shared shared) {
        super(shared);
    }

    @Override
    void open(Duration limit)
            throws SQLException, InterruptedException, ExecutionException, TimeoutException {
        // Before the first checkpoint of ours, which a slot could not go on from.
        shared.slot().drop(limit);
        shared.slot().dropOthers();
        try (ExportedSnapshot begin = ExportedSnapshot.take(shared.config().postgres())) {
            Publisher opened =
                    refilled(
                            "the table is polled",
                            begin.state(),
                            begin.name(),
                            checkpoints(limit).values(),
                            shared.deadLetters().load(),
                            limit);
            PollingSource source =
                    new PollingSource(
                            shared.config().postgres(),
                            shared.split(),
                            shared.config().source().pollEvery(),
                            begin.snapshot());
            var _ = start(source); // ended() says
            letIn(opened, source::barrier);
        }
    }

    @Override
    void resume() throws PipelineLostException {
        throw new PipelineLostException("a poll has failed");
    }
}
