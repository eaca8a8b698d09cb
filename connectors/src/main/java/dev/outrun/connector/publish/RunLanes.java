package dev.outrun.connector.publish;

import dev.outrun.connector.source.Change;
import dev.outrun.connector.source.Outbox;
import dev.outrun.connector.topic.RunTopics;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * The run topics' side of the publisher: runs are hashed over lanes. Used by the publisher's thread
 * where nothing else is said.
 */
final class RunLanes {

    private final Topics topics;
    private final Suspects suspects;
    private final List<RunLane> lanes = new ArrayList<>();

    /** Starts the lanes' threads. */
    RunLanes(
            KafkaAddress kafka,
            Topics topics,
            Publisher.Settings settings,
            RunTopics runTopics,
            Outbox outbox,
            DeadLetters deadLetters,
            Suspects suspects,
            PublisherMetrics metrics,
            Right right,
            Halt halt) {
        this.topics = topics;
        this.suspects = suspects;
        for (int i = 0; i < settings.runProducers(); i++) {
            String name = "outrun-runs-" + settings.split().slot() + "-" + i;
            lanes.add(
                    new RunLane(
                            name,
                            new RunProducers(
                                    made -> Producers.runs(kafka, name + "-" + made),
                                    settings.producerTopics(),
                                    settings.runRest()),
                            runTopics,
                            outbox,
                            settings.knownRuns() / settings.runProducers(),
                            settings.limits(),
                            deadLetters,
                            metrics,
                            right,
                            halt));
        }
    }

    /**
     * Takes an append's records; blocks while its lane's queue is full.
     *
     * @param bytes of all values
     * @param maybePublished whether a publisher before us may have sent them, or be about to
     * @param committedAt see {@link CommitClock}
     */
    void put(
            Change.Appended append,
            List<ProducerRecord<byte[], byte[]>> records,
            int bytes,
            boolean maybePublished,
            long committedAt,
            Stretch stretch)
            throws InterruptedException {
        RunId run = append.run();
        String topic = topics.run(append.tenant(), run);
        if (maybePublished) {
            suspects.add(run, topic);
        }
        lane(run)
                .put(
                        new RunAppend(
                                run,
                                topic,
                                append.firstSeq(),
                                records,
                                maybePublished,
                                bytes,
                                committedAt,
                                stretch));
    }

    /**
     * Holds a run's topic against the table, and makes it right where they differ.
     *
     * @param until what the topic is to hold is before this seq
     * @param counting counts it as one record
     */
    void repair(RunId run, Tenant tenant, long until, boolean maybePublished, Stretch counting)
            throws InterruptedException {
        String topic = topics.run(tenant, run);
        if (maybePublished) {
            suspects.add(run, topic);
        }
        counting.sending(1, System.nanoTime());
        lane(run).repair(run, topic, until, counting);
    }

    /**
     * A predecessor has woken up: makes right what it has written to, now and for a while.
     *
     * @param counting counts the first time, as a record for each lane
     */
    void checkFromNowOn(Stretch counting) throws InterruptedException {
        suspects.wake();
        counting.sending(lanes.size(), System.nanoTime());
        for (RunLane lane : lanes) {
            lane.check(suspectsOf(lane), counting);
        }
    }

    /** Looks once more after what a predecessor may have written to, if it is time. Any thread. */
    void checkIfDue() {
        if (suspects.isCheckDue()) {
            lanes.forEach(lane -> lane.checkSoon(suspectsOf(lane)));
        }
    }

    /** Looks whether topics with records in flight are gone, and makes them again. Any thread. */
    void lookAfterTopics() {
        lanes.forEach(RunLane::lookAfterTopics);
    }

    /** Sends nothing more. Any thread; never blocks. */
    void halt() {
        lanes.forEach(RunLane::halt);
    }

    /** Waits for what is in flight, up to the limit. Any thread. */
    void close(Duration limit) {
        List<Thread> closing =
                lanes.stream()
                        .map(lane -> Thread.startVirtualThread(() -> lane.close(limit)))
                        .toList();
        try {
            for (Thread one : closing) {
                one.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Map<RunId, String> suspectsOf(RunLane lane) {
        return suspects.of(run -> lane(run) == lane);
    }

    private RunLane lane(RunId run) {
        return lanes.get(Math.floorMod(run.hashCode(), lanes.size()));
    }
}
