package dev.outrun.ledger;

import static dev.outrun.ledger.jooq.Tables.CLUSTER;

import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.pool.HikariPool.PoolInitializationException;
import dev.outrun.ledger.access.AccessLedger;
import dev.outrun.ledger.jooq.Routines;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.queue.QueueSettings;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.work.Decision;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jooq.Configuration;
import org.jooq.JSON;
import org.jooq.SQLDialect;
import org.jooq.conf.Settings;
import org.jooq.impl.DefaultConfiguration;
import org.jooq.types.YearToSecond;
import org.jspecify.annotations.Nullable;

/**
 * The ledger in Postgres: calls the SQL functions, which hold the rules, and turns their SQLSTATEs
 * into error codes. Its callers must not be interrupted within a call: on a virtual thread that
 * closes the connection, and nobody knows whether the statement was committed.
 */
public final class PostgresLedger implements Ledger, AutoCloseable {

    private final HikariDataSource pool;
    private final Configuration jooq;
    private final BatchedCalls calls;
    private final PostgresStreams streams;

    private PostgresLedger(HikariDataSource pool) {
        this.pool = pool;
        this.jooq = new DefaultConfiguration().set(pool).set(SQLDialect.POSTGRES).set(settings());
        this.calls = new BatchedCalls(jooq);
        this.streams = new PostgresStreams(jooq);
    }

    /**
     * Connects to a migrated database.
     *
     * @throws OutrunException {@code unavailable} if it does not answer
     */
    public static PostgresLedger open(LedgerConfig config) {
        try {
            return new PostgresLedger(ConnectionPool.open(config));
        } catch (PoolInitializationException e) {
            throw new OutrunException(
                    ErrorCode.UNAVAILABLE, "no Postgres at " + config.address(), e);
        }
    }

    /** Keys of the API and its audit log, over the same connections. */
    public AccessLedger access() {
        return new PostgresAccessLedger(jooq);
    }

    private static Settings settings() {
        // jOOQ reads these two once, before it renders its first statement.
        System.setProperty("org.jooq.no-logo", "true");
        System.setProperty("org.jooq.no-tips", "true");
        return new Settings()
                .withRenderSchema(true)
                // Payloads are bind values: none of these logs may be on.
                .withExecuteLogging(false)
                .withExecuteLoggingSQLExceptions(false)
                .withDiagnosticsLogging(false)
                // Costs, per statement, for what nobody reads.
                .withFetchWarnings(false)
                .withDebugInfoOnStackTrace(false)
                .withAttachRecords(false);
    }

    @Override
    public void registerHandlers(Collection<String> handlers) {
        // In one order always, so that two workers cannot deadlock over each other's names.
        String[] names = handlers.stream().sorted().toArray(String[]::new);
        Refusals.ask(
                ErrorCode.INVALID_REQUEST,
                () -> {
                    Routines.registerHandlers(jooq, names);
                    return names;
                });
    }

    @Override
    public RunId start(StartRun start) {
        return calls.start(start);
    }

    @Override
    public RunId startFlow(Tenant tenant, String flow) {
        return Refusals.ask(
                ErrorCode.INVALID_JSON,
                () -> new RunId(Routines.startFlow(jooq, JSON.valueOf(flow), tenant.name(), null)));
    }

    @Override
    public long append(RunId run, @Nullable Integer attempt, String events) {
        return attempt == null
                ? Refusals.ask(
                        ErrorCode.INVALID_EVENTS,
                        () -> Routines.append(jooq, run.value(), null, JSON.valueOf(events)))
                : calls.append(run.value(), attempt, events);
    }

    @Override
    public Optional<Claim> claim(RunId run, int attempt, String worker) {
        return calls.claim(run.value(), attempt, worker);
    }

    @Override
    public LiveAttempt liveAttempt(RunId run, int attempt) {
        return Refusals.ask(
                ErrorCode.INVALID_REQUEST,
                () ->
                        new SelectLiveAttempt(run, attempt)
                                .from(jooq)
                                .orElseGet(() -> {
                                    Routines.refuse(jooq, run.value(), attempt);
                                    throw new IllegalStateException("not refused");
                                }));
    }

    @Override
    public long complete(RunId run, int attempt, String output, @Nullable String events) {
        return calls.complete(run.value(), attempt, output, events);
    }

    @Override
    public RunStatus fail(RunId run, int attempt, String error, boolean retryable) {
        return Refusals.ask(
                ErrorCode.INVALID_JSON,
                () ->
                        RunStatus.of(
                                Routines.fail(
                                        jooq,
                                        run.value(),
                                        attempt,
                                        JSON.valueOf(error),
                                        retryable)));
    }

    @Override
    public RunStatus cancel(RunId run, @Nullable String reason) {
        return Refusals.ask(
                ErrorCode.INVALID_REQUEST,
                () -> RunStatus.of(Routines.cancel(jooq, run.value(), reason)));
    }

    @Override
    public boolean suspend(RunId run, int attempt, Wake wake, @Nullable Long nextSeq) {
        return Refusals.ask(
                ErrorCode.INVALID_REQUEST,
                () ->
                        Routines.suspend(
                                jooq,
                                run.value(),
                                attempt,
                                Binds.time(wake.at()),
                                wake.signal(),
                                nextSeq,
                                wake.children()));
    }

    @Override
    public long signal(RunId run, String name, String data) {
        return Refusals.ask(
                ErrorCode.INVALID_JSON,
                () -> Routines.signal(jooq, run.value(), name, JSON.valueOf(data)));
    }

    @Override
    public boolean resume(RunId run) {
        return Refusals.ask(ErrorCode.INVALID_REQUEST, () -> Routines.resume(jooq, run.value()));
    }

    @Override
    public RunId fork(RunId run, long at, @Nullable RunId id) {
        return Refusals.ask(
                ErrorCode.INVALID_REQUEST,
                () -> new RunId(Routines.fork(jooq, run.value(), at, Binds.id(id))));
    }

    @Override
    public Optional<RunId> redrive(RunId run, @Nullable RunId id) {
        return Refusals.ask(
                ErrorCode.INVALID_REQUEST,
                () ->
                        Optional.ofNullable(Routines.redrive(jooq, run.value(), Binds.id(id)))
                                .map(RunId::new));
    }

    @Override
    public int redrive(String queue, @Nullable String handler, @Nullable Instant since, int most) {
        return Refusals.ask(
                ErrorCode.INVALID_REQUEST,
                () -> Routines.redriveQueue(jooq, queue, handler, Binds.time(since), most));
    }

    @Override
    public boolean resolve(RunId run) {
        return Refusals.ask(ErrorCode.INVALID_REQUEST, () -> Routines.resolve(jooq, run.value()));
    }

    @Override
    public boolean record(Decision decision) {
        UUID run = RunId.parse(decision.run()).value();
        return Refusals.ask(
                ErrorCode.INVALID_REQUEST,
                () ->
                        switch (decision) {
                            case Decision.Retry d ->
                                    Routines.recordRetry(
                                            jooq, run, d.attempt(), Binds.time(d.at()));
                            case Decision.AttemptLost d ->
                                    Routines.recordAttemptLost(jooq, run, d.attempt(), d.reason());
                            case Decision.AttemptTimedOut d ->
                                    Routines.recordAttemptTimedOut(jooq, run, d.attempt());
                            case Decision.TimedOut d ->
                                    Routines.recordTimedOut(jooq, run, d.attempt());
                            case Decision.Resume d ->
                                    Routines.recordResumed(jooq, run, d.attempt());
                            case Decision.EndChildren d ->
                                    Routines.recordChildrenEnded(jooq, run, d.attempt());
                            case Decision.Fail d -> Routines.recordFailed(jooq, run, d.attempt());
                            case Decision.Cancel d ->
                                    Routines.recordCancelled(jooq, run, d.attempt());
                            case Decision.Fire d ->
                                    Routines.recordFired(
                                            jooq, run, d.changed(), Binds.time(d.at()), d.missed());
                            case Decision.Skip d ->
                                    Routines.recordSkipped(
                                            jooq, run, d.changed(), Binds.time(d.at()), d.missed());
                        });
    }

    @Override
    public QueueSettings changeQueue(String queue, String change) {
        return Refusals.ask(
                ErrorCode.INVALID_JSON,
                () ->
                        WireJson.read(
                                Routines.changeQueue(jooq, queue, JSON.valueOf(change))
                                        .data()
                                        .getBytes(StandardCharsets.UTF_8),
                                QueueSettings.class));
    }

    @Override
    public QueueState queue(String queue) {
        return Refusals.ask(
                ErrorCode.INVALID_REQUEST, () -> new SelectQueues(queue).from(jooq).getFirst());
    }

    @Override
    public boolean isTopicless(String queue) {
        return Refusals.ask(
                ErrorCode.INVALID_REQUEST,
                () -> Boolean.TRUE.equals(Routines.isTopicless(jooq, queue)));
    }

    @Override
    public List<QueueState> queues() {
        return Refusals.ask(ErrorCode.INVALID_REQUEST, () -> new SelectQueues(null).from(jooq));
    }

    @Override
    public int obliterate(String queue, int most) {
        return Refusals.ask(
                ErrorCode.INVALID_REQUEST, () -> Routines.obliterateQueue(jooq, queue, most));
    }

    @Override
    public void putSchedule(Tenant tenant, String name, String schedule) {
        Refusals.ask(
                ErrorCode.INVALID_JSON,
                () -> {
                    Routines.putSchedule(jooq, name, JSON.valueOf(schedule), tenant.name());
                    return name;
                });
    }

    @Override
    public Optional<ScheduleState> schedule(Tenant tenant, String name) {
        return Refusals.ask(
                ErrorCode.INVALID_REQUEST,
                () -> SelectSchedules.named(tenant, name).from(jooq).stream().findFirst());
    }

    @Override
    public List<ScheduleState> schedules(Tenant tenant, @Nullable String after, int limit) {
        return Refusals.ask(
                ErrorCode.INVALID_REQUEST,
                () -> SelectSchedules.page(tenant, after, limit).from(jooq));
    }

    @Override
    public boolean pauseSchedule(Tenant tenant, String name) {
        return Refusals.ask(
                ErrorCode.INVALID_REQUEST, () -> Routines.pauseSchedule(jooq, name, tenant.name()));
    }

    @Override
    public boolean resumeSchedule(Tenant tenant, String name) {
        return Refusals.ask(
                ErrorCode.INVALID_REQUEST,
                () -> Routines.resumeSchedule(jooq, name, tenant.name()));
    }

    @Override
    public void deleteSchedule(Tenant tenant, String name) {
        Refusals.ask(
                ErrorCode.INVALID_REQUEST,
                () -> {
                    Routines.deleteSchedule(jooq, name, tenant.name());
                    return name;
                });
    }

    @Override
    public RunId triggerSchedule(Tenant tenant, String name) {
        return Refusals.ask(
                ErrorCode.INVALID_REQUEST,
                () -> new RunId(Routines.triggerSchedule(jooq, name, tenant.name())));
    }

    @Override
    public Optional<Run> run(RunId run) {
        return calls.run(run);
    }

    @Override
    public Optional<RunId> runWithKey(Tenant tenant, String idempotencyKey) {
        return Refusals.ask(
                ErrorCode.INVALID_REQUEST,
                () -> new SelectRunWithKey(tenant, idempotencyKey).from(jooq));
    }

    @Override
    public List<Run> runs(RunQuery query) {
        return Refusals.ask(ErrorCode.INVALID_REQUEST, () -> new SelectRunPage(query).from(jooq));
    }

    @Override
    public List<Event> events(RunId run, long from, int limit) {
        return Refusals.ask(
                ErrorCode.INVALID_REQUEST, () -> new SelectEvents(run, from, limit).from(jooq));
    }

    @Override
    public int shards() {
        return Refusals.ask(
                ErrorCode.INTERNAL,
                () -> jooq.dsl().select(CLUSTER.SHARDS).from(CLUSTER).fetchSingle().value1());
    }

    @Override
    public int makePartitions(int daysAhead) {
        return Refusals.ask(
                ErrorCode.INVALID_REQUEST, () -> Routines.makeOutboxPartitions(jooq, daysAhead));
    }

    @Override
    public Optional<LocalDate> dropDay(Duration keep) {
        return Refusals.ask(
                ErrorCode.INVALID_REQUEST,
                () ->
                        Optional.ofNullable(
                                Routines.dropOutboxDay(jooq, YearToSecond.valueOf(keep))));
    }

    @Override
    public int deleteLapsed(int most) {
        return Refusals.ask(ErrorCode.INVALID_REQUEST, () -> Routines.deleteLapsed(jooq, most));
    }

    @Override
    public StreamLedger streams() {
        return streams;
    }

    /** Closes the connections; calls under way, and all later ones, fail. */
    @Override
    public void close() {
        pool.close();
    }
}
