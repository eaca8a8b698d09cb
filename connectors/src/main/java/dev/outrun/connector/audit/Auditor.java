package dev.outrun.connector.audit;

import dev.outrun.connector.audit.Difference.Kind;
import dev.outrun.connector.topic.AdminClients;
import dev.outrun.connector.topic.Consumers;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.sql.PostgresAddress;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.RecordHeaders;
import dev.outrun.schema.topic.Topics;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Reads the ledger, every run topic and the firehose, as any client would, and says where they
 * differ: each event of the ledger must be once in the firehose, in order, in its shard's
 * partition, and in its run's topic at offset = seq, unless it has none, or had one that was
 * reaped.
 *
 * <p>A connector may go on meanwhile. The audit takes a moment in the ledger and waits until the
 * connector's watermark has passed it; what is appended later is left to the next audit. Needs 8
 * bytes of memory for each event of the runs in scope, and about 200 for each run.
 */
public final class Auditor {

    /** Whether the watermarks cover all that a moment has seen: appends, and repairs asked for. */
    private static final String PASSED =
            """
            with own as (select * from outrun.watermark where connector = ?)
            select not exists (
                select from (
                    select shard, xid from outrun.run_outbox
                    where xid >= (select coalesce(min(pg_snapshot_xmin(snapshot)::text::bigint), 0)
                                  from own)
                    union all
                    select shard, xid from outrun.repair_request) written
                where pg_visible_in_snapshot(xid::text::xid8, ?::pg_snapshot)
                  and not exists (select from own
                                  where (shard & 1023) % splits = split
                                    and pg_visible_in_snapshot(xid::text::xid8, snapshot)))
            """;

    private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

    /** Without a single answer of the brokers. */
    private static final Duration BROKER_MAX = Duration.ofSeconds(30);

    private final PostgresAddress postgres;
    private final KafkaAddress kafka;
    private final Topics topics;
    private final String slot;
    private final Duration patience;
    private final Findings findings;
    private final Map<RunId, FoundLog> firehose = new HashMap<>();

    /** Logs that have more than the audit's moment, topics' and the firehose's alike. */
    private final Map<FoundLog, RunId> longer = new LinkedHashMap<>();

    private Auditor(
            PostgresAddress postgres,
            KafkaAddress kafka,
            Topics topics,
            String slot,
            Duration patience,
            Findings findings) {
        this.postgres = postgres;
        this.kafka = kafka;
        this.topics = topics;
        this.slot = slot;
        this.patience = patience;
        this.findings = findings;
    }

    /**
     * Audits the runs in scope.
     *
     * @param slot the connector's
     * @param patience for the connector, which may be behind
     * @throws OutrunException {@code unavailable} where Postgres or Kafka cannot be read
     */
    public static AuditReport audit(
            PostgresAddress postgres,
            KafkaAddress kafka,
            Topics topics,
            String slot,
            Duration patience,
            AuditScope scope)
            throws InterruptedException {
        return audit(postgres, kafka, topics, slot, patience, scope, new Findings(topics.events()));
    }

    /** The same; what it finds is told to these findings as well. */
    static AuditReport audit(
            PostgresAddress postgres,
            KafkaAddress kafka,
            Topics topics,
            String slot,
            Duration patience,
            AuditScope scope,
            Findings findings)
            throws InterruptedException {
        try {
            return new Auditor(postgres, kafka, topics, slot, patience, findings).audit(scope);
        } catch (SQLException | KafkaException | ExecutionException e) {
            throw new OutrunException(
                    ErrorCode.UNAVAILABLE, "the audit cannot go on: " + e.getMessage(), e);
        }
    }

    private AuditReport audit(AuditScope scope)
            throws SQLException, InterruptedException, ExecutionException {
        long runs = 0;
        long events = 0;
        try (LedgerLog ledger = LedgerLog.open(postgres, scope, findings);
                Consumer<byte[], byte[]> consumer = Consumers.create(kafka, "outrun-audit");
                Admin admin = AdminClients.create(kafka, "outrun-audit-admin")) {
            awaitConnector(ledger.moment());
            Instant begins = ledger.begins();
            Set<Integer> cut = begins == null ? Set.of() : readFirehose(consumer, scope, begins);
            Set<String> existing = admin.listTopics().names().get();
            for (List<LoggedRun> page = ledger.nextPage();
                    !page.isEmpty();
                    page = ledger.nextPage()) {
                compareTopics(consumer, existing, page);
                for (LoggedRun run : page) {
                    compareFirehose(run, cut.contains(run.shard()));
                    runs++;
                    events += run.events().next() - run.events().first();
                }
            }
        }
        checkLonger();
        return findings.report(runs, events);
    }

    /** Waits until the connector has come to the moment; says so if it has not in time. */
    private void awaitConnector(String moment) throws SQLException, InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        try (Connection connection = LedgerLog.connect(postgres)) {
            while (!isPassed(connection, moment)) {
                if (System.nanoTime() - deadline > 0) {
                    findings.add(
                            Kind.BEHIND,
                            null,
                            -1,
                            "outrun.watermark",
                            "connector %s does not say that all is published: what is missing may be late"
                                    .formatted(slot));
                    return;
                }
                Thread.sleep(LOOK_AGAIN);
            }
        }
    }

    private boolean isPassed(Connection connection, String moment) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(PASSED)) {
            statement.setString(1, slot);
            statement.setString(2, moment);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() && row.getBoolean(1);
            }
        }
    }

    /** Reads from the first run in scope on; returns partitions whose beginning is deleted. */
    private Set<Integer> readFirehose(
            Consumer<byte[], byte[]> consumer, AuditScope scope, Instant begins) {
        List<TopicPartition> partitions = Consumers.assign(consumer, topics.events(), BROKER_MAX);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions, BROKER_MAX);
        Map<TopicPartition, Long> first = consumer.beginningOffsets(partitions, BROKER_MAX);
        Map<TopicPartition, Long> from = new HashMap<>(first);
        if (!scope.equals(AuditScope.ALL)) {
            Map<TopicPartition, Long> times =
                    partitions.stream()
                            .collect(Collectors.toMap(p -> p, _ -> begins.toEpochMilli()));
            Map<TopicPartition, OffsetAndTimestamp> found =
                    consumer.offsetsForTimes(times, BROKER_MAX);
            partitions.forEach(p ->
                    from.put(
                            p,
                            found.get(p) == null
                                    ? ends.getOrDefault(p, 0L)
                                    : found.get(p).offset()));
        }
        Consumers.readAll(consumer, from, ends, BROKER_MAX, record -> take(record, scope));
        Set<Integer> cut = new HashSet<>();
        for (TopicPartition partition : partitions) {
            long begin = first.getOrDefault(partition, 0L);
            if (begin > 0 && from.getOrDefault(partition, 0L) == begin) {
                cut.add(partition.partition());
            }
        }
        return cut;
    }

    private void take(ConsumerRecord<byte[], byte[]> record, AuditScope scope) {
        String where = record.topic() + "/" + record.partition();
        Event event = read(record, null, where);
        if (event == null || !scope.covers(event.run())) {
            return;
        }
        FoundLog log =
                firehose.computeIfAbsent(event.run(), run -> new FoundLog(run, where, findings));
        if (!log.where().equals(where)) {
            findings.add(
                    Kind.WRONG_PARTITION,
                    event.run(),
                    event.seq(),
                    where,
                    "offset %d; others are in %s".formatted(record.offset(), log.where()));
        }
        log.add(event, record.offset());
    }

    /** The event in a record of this run's topic, or, if that is null, of the firehose. */
    private @Nullable Event read(
            ConsumerRecord<byte[], byte[]> record, @Nullable RunId run, String where) {
        try {
            return RecordHeaders.read(record);
        } catch (RuntimeException e) {
            findings.add(
                    Kind.STRAY,
                    run,
                    -1,
                    where,
                    "offset %d is no event: %s".formatted(record.offset(), e.getMessage()));
            return null;
        }
    }

    private void compareFirehose(LoggedRun run, boolean cut) {
        String where = topics.events() + "/" + run.shard();
        FoundLog found = firehose.remove(run.run());
        if (found == null) {
            found = new FoundLog(run.run(), where, findings);
        } else if (!found.where().equals(where)) {
            findings.add(
                    Kind.WRONG_PARTITION,
                    run.run(),
                    found.events().first(),
                    found.where(),
                    "the run's shard is " + run.shard());
        }
        // What the firehose's retention has deleted is not missing.
        long from = !cut ? 0 : found.events().isEmpty() ? Long.MAX_VALUE : found.events().first();
        noteIfLonger(found, run, found.compare(run, from));
    }

    private void compareTopics(
            Consumer<byte[], byte[]> consumer, Set<String> existing, List<LoggedRun> page) {
        Map<TopicPartition, FoundLog> logs = new HashMap<>();
        Map<RunId, FoundLog> byRun = new HashMap<>();
        List<LoggedRun> kept = page.stream().filter(run -> !run.topicless()).toList();
        for (LoggedRun run : kept) {
            String topic = topics.run(run.tenant(), run.run());
            FoundLog log = new FoundLog(run.run(), topic + "/0", findings);
            byRun.put(run.run(), log);
            if (existing.contains(topic)) {
                logs.put(new TopicPartition(topic, 0), log);
            }
        }
        consumer.assign(logs.keySet());
        Consumers.readAll(
                consumer,
                consumer.beginningOffsets(logs.keySet(), BROKER_MAX),
                consumer.endOffsets(logs.keySet(), BROKER_MAX),
                BROKER_MAX,
                record -> {
                    FoundLog log = logs.get(new TopicPartition(record.topic(), 0));
                    if (log != null) {
                        take(record, log);
                    }
                });
        for (LoggedRun run : kept) {
            FoundLog log = byRun.get(run.run());
            if (log != null) {
                noteIfLonger(log, run, log.compare(run, 0));
            }
        }
    }

    private void take(ConsumerRecord<byte[], byte[]> record, FoundLog log) {
        Event event = read(record, log.run(), log.where());
        if (event == null) {
            return;
        } else if (!event.run().equals(log.run())) {
            findings.add(
                    Kind.STRAY,
                    log.run(),
                    -1,
                    log.where(),
                    "offset %d is of run %s".formatted(record.offset(), event.run()));
            return;
        }
        if (event.seq() != record.offset()) {
            findings.add(
                    Kind.WRONG_OFFSET,
                    event.run(),
                    event.seq(),
                    log.where(),
                    "it is at offset " + record.offset());
        }
        log.add(event, record.offset());
    }

    private void noteIfLonger(FoundLog log, LoggedRun run, boolean isLonger) {
        if (isLonger && run.closed()) {
            findings.add(
                    Kind.STRAY,
                    run.run(),
                    run.end(),
                    log.where(),
                    "behind the end of a closed run");
        } else if (isLonger) {
            longer.put(log, run.run());
        }
    }

    /** What is published beyond the moment must be in the ledger by now; so must unknown runs. */
    private void checkLonger() throws SQLException {
        firehose.forEach((run, log) -> longer.put(log, run));
        Map<RunId, Long> ends = LedgerLog.endsNow(postgres, Set.copyOf(longer.values()));
        longer.forEach((log, run) -> {
            Long end = ends.get(run);
            if (end == null) {
                findings.add(Kind.STRAY, run, -1, log.where(), "the ledger does not know this run");
            } else if (log.events().next() > end) {
                findings.add(Kind.STRAY, run, end, log.where(), "the ledger has no such event");
            }
        });
    }
}
