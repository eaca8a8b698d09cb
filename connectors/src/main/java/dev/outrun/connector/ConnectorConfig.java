package dev.outrun.connector;

import dev.outrun.connector.source.Split;
import dev.outrun.schema.sql.PostgresAddress;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * What a connector needs to know.
 *
 * @param slot the replication slot: made if missing; also the checkpoint's name. Where there are
 *     several, their names begin with it: {@code outrun_0_of_4}
 */
public record ConnectorConfig(
        PostgresAddress postgres,
        KafkaAddress kafka,
        Topics topics,
        String slot,
        SourceSettings source,
        RunTopicSettings runTopics,
        SlotSettings slotSettings,
        Timing timing) {

    public ConnectorConfig {
        if (!slot.matches("[a-z0-9_]{1,50}")) {
            throw new IllegalArgumentException(
                    "connector.slot is '" + slot + "', not 1 to 50 of a-z, 0-9 and _");
        }
    }

    /** All else by default, of brokers that let everybody in. */
    public static ConnectorConfig of(
            PostgresAddress postgres, String bootstrapServers, Topics topics, String slot) {
        return of(postgres, KafkaAddress.of(bootstrapServers), topics, slot);
    }

    /** All else by default. */
    public static ConnectorConfig of(
            PostgresAddress postgres, KafkaAddress kafka, Topics topics, String slot) {
        return new ConnectorConfig(
                postgres,
                kafka,
                topics,
                slot,
                SourceSettings.DEFAULT,
                RunTopicSettings.DEFAULT,
                SlotSettings.DEFAULT,
                Timing.DEFAULT);
    }

    /** The same, fed in this way. */
    public ConnectorConfig withSource(SourceSettings other) {
        return new ConnectorConfig(
                postgres, kafka, topics, slot, other, runTopics, slotSettings, timing);
    }

    /** The same, writing run topics in this way. */
    public ConnectorConfig withRunTopics(RunTopicSettings other) {
        return new ConnectorConfig(
                postgres, kafka, topics, slot, source, other, slotSettings, timing);
    }

    /** The same, at these times. */
    public ConnectorConfig withTiming(Timing other) {
        return new ConnectorConfig(
                postgres, kafka, topics, slot, source, runTopics, slotSettings, other);
    }

    /** The same, with slots looked after in this way. */
    public ConnectorConfig withSlotSettings(SlotSettings other) {
        return new ConnectorConfig(postgres, kafka, topics, slot, source, runTopics, other, timing);
    }

    /** The parts of the outbox that this process publishes, or stands by for. */
    List<Split> splits() {
        return Split.all(slot, source.slots()).stream()
                .filter(split -> source.own().isEmpty() || source.own().contains(split.number()))
                .toList();
    }

    /**
     * Where changes come from. The outbox may be split, by shard, over several replication slots:
     * each is decoded and published on its own, and the server reads its log once for each. To
     * change kind or number, stop all processes that have the old ones: the new ones stand by until
     * then.
     *
     * @param slots at most as many as there are shards
     * @param own the numbers, from 0 on, of those that this process takes; all where it is empty
     * @param pollEvery how long polling rests between two looks
     */
    public record SourceSettings(Kind kind, int slots, Set<Integer> own, Duration pollEvery) {

        /** How changes are got. */
        public enum Kind {
            /** From the write-ahead log, at once. Needs {@code wal_level = logical}. */
            REPLICATION,
            /** From the table, again and again. For a Postgres that does not allow replication. */
            POLLING
        }

        private static final Duration POLL_EVERY = Duration.ofMillis(20);

        public static final SourceSettings DEFAULT = of(Kind.REPLICATION, 1);

        public SourceSettings {
            check("slots", slots, 1, 64);
            own = Set.copyOf(own);
            for (int number : own) {
                check("own-slots", number, 0, slots - 1);
            }
            check("poll-every", pollEvery, Duration.ofMillis(1), Duration.ofMinutes(1));
        }

        /** So many slots, all of them in this process. */
        public static SourceSettings of(Kind kind, int slots) {
            return new SourceSettings(kind, slots, Set.of(), POLL_EVERY);
        }
    }

    /**
     * How run topics are written.
     *
     * @param producers that the runs are hashed over
     * @param producerTopics after so many new ones another producer begins: it never forgets one
     * @param rest likewise between two bursts of a producer; longer where producers know many
     *     topics
     * @param knownRuns whose next seq is kept in memory; others cost a question
     * @param queueAppends that may wait per producer before the live lane has to wait too
     * @param queueBytes that may wait per producer, likewise
     */
    public record RunTopicSettings(
            int producers,
            int producerTopics,
            Duration rest,
            int knownRuns,
            int queueAppends,
            int queueBytes) {

        public static final RunTopicSettings DEFAULT =
                new RunTopicSettings(2, 1_000, Duration.ofMillis(4), 100_000, 10_000, 32 << 20);

        public RunTopicSettings {
            check("run-topics.producers", producers, 1, 64);
            check("run-topics.producer-topics", producerTopics, 1, 1_000_000);
            check("run-topics.rest", rest, Duration.ZERO, Duration.ofSeconds(1));
            // At least twice a burst per producer, so that a burst never evicts its own runs.
            check("run-topics.known-runs", knownRuns, 2_000 * producers, 10_000_000);
            check("run-topics.queue-appends", queueAppends, 1, 1_000_000);
            check("run-topics.queue-bytes", queueBytes, 1 << 20, 1 << 30);
        }
    }

    /**
     * How the slot is looked after.
     *
     * @param failover whether standbys shall have a copy of it, to go on with after a failover;
     *     since PostgreSQL 17, and of no effect before
     * @param lookEvery how often its health is asked for
     * @param lagBytesMax of the log not confirmed yet; with more a node is not ready
     */
    public record SlotSettings(boolean failover, Duration lookEvery, long lagBytesMax) {

        public static final SlotSettings DEFAULT =
                new SlotSettings(true, Duration.ofSeconds(5), 1L << 30);

        public SlotSettings {
            check("slot.look-every", lookEvery, Duration.ofMillis(100), Duration.ofHours(1));
            check("slot.lag-bytes-max", lagBytesMax, 1L << 20, 1L << 50);
        }
    }

    /**
     * When things happen.
     *
     * @param rest of the publisher between two bursts, so that they get fuller; after a quiet time
     *     an event is published at once
     * @param checkpointEvery at most so often under load; and after so long without a change
     * @param heartbeatEvery a barrier so often moves an idle slot
     * @param startLimit for a start, and for each question asked during it
     * @param closeLimit for a close
     */
    public record Timing(
            Duration rest,
            Duration checkpointEvery,
            Duration heartbeatEvery,
            Duration startLimit,
            Duration closeLimit) {

        public static final Timing DEFAULT =
                new Timing(
                        Duration.ofMillis(2),
                        Duration.ofMillis(200),
                        Duration.ofSeconds(10),
                        Duration.ofSeconds(30),
                        Duration.ofSeconds(5));

        public Timing {
            Duration hour = Duration.ofHours(1);
            check("timing.rest", rest, Duration.ZERO, Duration.ofSeconds(1));
            check("timing.checkpoint-every", checkpointEvery, Duration.ofMillis(1), hour);
            check("timing.heartbeat-every", heartbeatEvery, Duration.ofMillis(10), hour);
            check("timing.start-limit", startLimit, Duration.ofSeconds(1), hour);
            check("timing.close-limit", closeLimit, Duration.ofMillis(100), hour);
        }
    }

    private static <T extends Comparable<T>> void check(String path, T value, T min, T max) {
        if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
            throw new IllegalArgumentException(
                    "connector.%s is %s, not %s to %s".formatted(path, value, min, max));
        }
    }
}
