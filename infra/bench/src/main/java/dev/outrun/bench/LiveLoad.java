package dev.outrun.bench;

import dev.outrun.bench.figure.Figures;
import dev.outrun.bench.load.Tick;
import dev.outrun.bench.load.Writers;
import dev.outrun.bench.reader.ClientProcess;
import dev.outrun.bench.reader.TopicReader;
import dev.outrun.bench.stack.BenchRuns;
import dev.outrun.bench.stack.BenchStack;
import dev.outrun.schema.queue.QueueSettings.RunTopics;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * Events that are appended at a rate, each in a transaction of its own, and how old they are when
 * each kind of reader has them.
 *
 * @param runs that they are of, in turn
 */
record LiveLoad(Load load, int runs) {

    static final String TRANSACTION = "transaction";
    static final String FIREHOSE = "due to firehose consumer";
    static final String RUN_TOPICS = "due to run topics' consumer";
    static final String STREAMS = "due to event streams";

    /**
     * Measures it on this Outrun, which has had no other, and audits that.
     *
     * @param streams event streams over HTTP, one of each run; or none
     */
    Figures measure(BenchStack stack, Report report, Timing timing, String part, boolean streams)
            throws Exception {
        Tick tick = load.tick();
        List<RunId> open = BenchRuns.open(stack.ledger(), runs, RunTopics.EACH);
        stack.drain(); // all have their topics
        Figures medians;
        try (Readers readers = new Readers(stack, open, streams);
                Writers append =
                        new Writers(stack.config().postgres(), load.writers, Writers.APPEND)) {
            medians =
                    timing.measure(
                            report,
                            part,
                            seconds -> {
                                Figures figures = new Figures();
                                figures.add(
                                        TRANSACTION,
                                        append.write(open, load.rate, seconds, tick::one));
                                return readers.addTo(figures, report, load.events(seconds));
                            });
        }
        report.audited(stack.audit());
        return medians;
    }

    /** One of each kind. */
    private static final class Readers implements AutoCloseable {

        private final TopicReader firehose;
        private final TopicReader runTopics;
        private final Optional<ClientProcess> streams;

        Readers(BenchStack stack, List<RunId> open, boolean withStreams) throws IOException {
            KafkaAddress kafka = stack.config().kafka();
            Topics topics = stack.config().topics();
            firehose = new TopicReader(kafka, List.of(topics.events()));
            runTopics =
                    new TopicReader(
                            kafka,
                            open.stream().map(run -> topics.run(Tenant.DEFAULT, run)).toList());
            streams =
                    withStreams
                            ? Optional.of(
                                    ClientProcess.start(
                                            stack.url().getPort(), open.size(), 0, open))
                            : Optional.empty();
        }

        Figures addTo(Figures figures, Report report, long events)
                throws InterruptedException, IOException {
            figures.add(FIREHOSE, report.whole(firehose.await(events), events));
            figures.add(RUN_TOPICS, report.whole(runTopics.await(events), events));
            if (streams.isPresent()) {
                figures.add(STREAMS, report.whole(streams.get().report(events), events));
            }
            return figures;
        }

        @Override
        public void close() throws IOException {
            firehose.close();
            runTopics.close();
            if (streams.isPresent()) {
                streams.get().close();
            }
        }
    }
}
