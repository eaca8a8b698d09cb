package dev.outrun.bench.stack;

import dev.outrun.ledger.Ledger;
import dev.outrun.ledger.StartRun;
import dev.outrun.schema.queue.QueueSettings.RunTopics;
import dev.outrun.schema.run.RunId;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The queue of a bench's runs, which are spread over all shards. */
public final class BenchRuns {

    public static final String QUEUE = "bench";

    /** A handler that no worker has. */
    private static final String NOBODY = "nobody";

    private BenchRuns() {}

    /** Makes the queue: its runs are made. */
    public static void activate(Ledger ledger, RunTopics topics) {
        change(ledger, "active", topics);
    }

    /**
     * Starts runs that nobody makes an attempt of, so that what is appended is all that happens.
     */
    public static List<RunId> open(Ledger ledger, int count, RunTopics topics) {
        ledger.registerHandlers(List.of(NOBODY));
        change(ledger, "paused", topics);
        List<RunId> open = new ArrayList<>(count);
        for (int n = 0; n < count; n++) {
            open.add(ledger.start(StartRun.with(NOBODY, "1").queue(QUEUE).build()));
        }
        return open;
    }

    private static void change(Ledger ledger, String mode, RunTopics topics) {
        ledger.changeQueue(
                QUEUE,
                "{\"mode\":\"%s\",\"run_topics\":\"%s\",\"width\":4}"
                        .formatted(mode, topics.name().toLowerCase(Locale.ROOT)));
    }
}
