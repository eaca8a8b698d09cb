package dev.outrun.ledger;

import dev.outrun.ledger.jooq.Routines;
import dev.outrun.ledger.jooq.tables.records.AppendAllRecord;
import dev.outrun.ledger.jooq.tables.records.ClaimAllRecord;
import dev.outrun.ledger.jooq.tables.records.CompleteAllRecord;
import dev.outrun.ledger.jooq.tables.records.StartAllRecord;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.run.RunId;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jooq.Configuration;
import org.jooq.JSON;
import org.jooq.Record;
import org.jooq.Result;
import org.jspecify.annotations.Nullable;

/**
 * The calls that every run needs: its start, those of its attempts, and its readers' look at it.
 * Under load they are made for many runs together: a transaction costs the server as much as what
 * is done in it.
 */
final class BatchedCalls {

    private static final int LANES = 2;
    private static final int BATCH_MAX = 64;

    /** Fewer, since what is read may be large. */
    private static final int READ_MAX = 16;

    private static final Duration PATIENCE = Duration.ofSeconds(1);

    /** Larger ones go alone: a batch is held in memory, here and there. */
    private static final int PAYLOAD_MAX = 1 << 16;

    private final Configuration jooq;
    private final CallBatcher<StartRun, UUID> starts;
    private final CallBatcher<Claiming, Optional<Claim>> claims;
    private final CallBatcher<Appending, Long> appends;
    private final CallBatcher<Completing, Long> completions;
    private final CallBatcher<RunId, Optional<Run>> runs;

    BatchedCalls(Configuration jooq) {
        this.jooq = jooq;
        this.starts =
                new CallBatcher<>(LANES, BATCH_MAX, PATIENCE, this::startAll, this::startAlone);
        this.claims = new CallBatcher<>(LANES, BATCH_MAX, PATIENCE, this::claimAll, this::claim);
        this.appends = new CallBatcher<>(LANES, BATCH_MAX, PATIENCE, this::appendAll, this::append);
        this.completions =
                new CallBatcher<>(LANES, BATCH_MAX, PATIENCE, this::completeAll, this::complete);
        this.runs = new CallBatcher<>(LANES, READ_MAX, PATIENCE, this::runAll, this::runAlone);
    }

    private record Claiming(UUID run, int attempt, String worker) {}

    private record Appending(UUID run, int attempt, JSON events) {}

    private record Completing(UUID run, int attempt, JSON output, @Nullable JSON events) {}

    RunId start(StartRun start) {
        return new RunId(
                waitsForNobody(start) && start.input().length() <= PAYLOAD_MAX
                        ? starts.answer(start)
                        : startAlone(start));
    }

    /** Whether no other start can ask for the same, as ids are minted, and nothing is locked. */
    private static boolean waitsForNobody(StartRun start) {
        return start.idempotencyKey() == null
                && start.dedupe() == null
                && start.child() == null
                && start.waitFor() == null
                && start.scheduled() == null;
    }

    Optional<Claim> claim(UUID run, int attempt, String worker) {
        return claims.answer(new Claiming(run, attempt, worker));
    }

    long append(UUID run, int attempt, String events) {
        Appending appending = new Appending(run, attempt, JSON.valueOf(events));
        return events.length() > PAYLOAD_MAX ? append(appending) : appends.answer(appending);
    }

    long complete(UUID run, int attempt, String output, @Nullable String events) {
        Completing completing =
                new Completing(run, attempt, JSON.valueOf(output), Binds.json(events));
        return output.length() + (events == null ? 0 : events.length()) > PAYLOAD_MAX
                ? complete(completing)
                : completions.answer(completing);
    }

    Optional<Run> run(RunId run) {
        return runs.answer(run);
    }

    private UUID startAlone(StartRun start) {
        StartRun.Child child = start.child();
        StartRun.Scheduled scheduled = start.scheduled();
        return Refusals.ask(
                ErrorCode.INVALID_JSON,
                () ->
                        Routines.startRun(
                                jooq,
                                start.handler(),
                                JSON.valueOf(start.input()),
                                start.queue(),
                                start.tenant().name(),
                                Binds.id(start.id()),
                                start.idempotencyKey(),
                                Binds.time(start.runAt()),
                                Binds.json(start.retry()),
                                start.priority(),
                                start.concurrencyKey(),
                                start.dedupe() == null ? null : start.dedupe().key(),
                                start.dedupe() == null ? null : start.dedupe().windowMs(),
                                start.timeoutMs(),
                                start.attemptTimeoutMs(),
                                child == null ? null : Binds.id(child.parent()),
                                child != null && child.failsParent() ? "fail_parent" : "continue",
                                child != null && child.detached(),
                                start.waitFor(),
                                scheduled == null ? null : scheduled.schedule(),
                                scheduled == null ? null : Binds.time(scheduled.at())));
    }

    private Map<Integer, UUID> startAll(List<StartRun> all) {
        return Refusals.ask(
                ErrorCode.INVALID_JSON,
                () ->
                        placed(
                                Routines.startAll(
                                        jooq,
                                        array(all, StartRun::handler, new String[0]),
                                        array(
                                                all,
                                                start -> JSON.valueOf(start.input()),
                                                new JSON[0]),
                                        array(all, StartRun::queue, new String[0]),
                                        array(all, start -> start.tenant().name(), new String[0]),
                                        array(all, start -> Binds.id(start.id()), new UUID[0]),
                                        array(
                                                all,
                                                start -> Binds.time(start.runAt()),
                                                new OffsetDateTime[0]),
                                        array(all, start -> Binds.json(start.retry()), new JSON[0]),
                                        array(all, StartRun::priority, new Integer[0]),
                                        array(all, StartRun::concurrencyKey, new String[0]),
                                        array(all, StartRun::timeoutMs, new Long[0]),
                                        array(all, StartRun::attemptTimeoutMs, new Long[0])),
                                StartAllRecord::getPlace,
                                StartAllRecord::getRun));
    }

    private Optional<Claim> claim(Claiming one) {
        return Refusals.ask(
                ErrorCode.INVALID_REQUEST,
                () ->
                        Routines.claim(jooq, one.run(), one.attempt(), one.worker()).stream()
                                .map(row ->
                                        new Claim(
                                                row.getTenant(),
                                                row.getQueue(),
                                                row.getHandler(),
                                                row.getInput().data(),
                                                row.getNextSeq()))
                                .findFirst());
    }

    private Map<Integer, Optional<Claim>> claimAll(List<Claiming> all) {
        return Refusals.ask(
                ErrorCode.INVALID_REQUEST,
                () ->
                        placed(
                                Routines.claimAll(
                                        jooq,
                                        array(all, Claiming::run, new UUID[0]),
                                        array(all, Claiming::attempt, new Integer[0]),
                                        array(all, Claiming::worker, new String[0])),
                                ClaimAllRecord::getPlace,
                                row ->
                                        Optional.of(
                                                new Claim(
                                                        row.getTenant(),
                                                        row.getQueue(),
                                                        row.getHandler(),
                                                        row.getInput().data(),
                                                        row.getNextSeq()))));
    }

    private long append(Appending one) {
        return Refusals.ask(
                ErrorCode.INVALID_EVENTS,
                () -> Routines.append(jooq, one.run(), one.attempt(), one.events()));
    }

    private Map<Integer, Long> appendAll(List<Appending> all) {
        return Refusals.ask(
                ErrorCode.INVALID_EVENTS,
                () ->
                        placed(
                                Routines.appendAll(
                                        jooq,
                                        array(all, Appending::run, new UUID[0]),
                                        array(all, Appending::attempt, new Integer[0]),
                                        array(all, Appending::events, new JSON[0])),
                                AppendAllRecord::getPlace,
                                AppendAllRecord::getSeq));
    }

    private long complete(Completing one) {
        return Refusals.ask(
                ErrorCode.INVALID_JSON,
                () ->
                        Routines.complete(
                                jooq, one.run(), one.attempt(), one.output(), one.events()));
    }

    private Map<Integer, Long> completeAll(List<Completing> all) {
        return Refusals.ask(
                ErrorCode.INVALID_JSON,
                () ->
                        placed(
                                Routines.completeAll(
                                        jooq,
                                        array(all, Completing::run, new UUID[0]),
                                        array(all, Completing::attempt, new Integer[0]),
                                        array(all, Completing::output, new JSON[0]),
                                        array(all, Completing::events, new JSON[0])),
                                CompleteAllRecord::getPlace,
                                CompleteAllRecord::getSeq));
    }

    private Optional<Run> runAlone(RunId run) {
        return Optional.ofNullable(runsById(List.of(run)).get(run));
    }

    private Map<Integer, Optional<Run>> runAll(List<RunId> all) {
        Map<RunId, Run> found = runsById(all);
        return IntStream.range(0, all.size())
                .boxed()
                .collect(
                        Collectors.toMap(
                                place -> place,
                                place -> Optional.ofNullable(found.get(all.get(place)))));
    }

    private Map<RunId, Run> runsById(List<RunId> ids) {
        return Refusals.ask(
                ErrorCode.INVALID_REQUEST,
                () ->
                        new SelectRuns(ids)
                                .from(jooq).stream()
                                        .collect(Collectors.toMap(Run::id, run -> run)));
    }

    private static <Q, T extends @Nullable Object> T[] array(
            List<Q> all, Function<Q, T> of, T[] empty) {
        return all.stream().map(of).toList().toArray(empty);
    }

    /** Answers by the places of their questions, which are counted from 1 there. */
    private static <R extends Record, A> Map<Integer, A> placed(
            Result<R> rows, ToIntFunction<R> place, Function<R, A> answer) {
        return rows.stream().collect(Collectors.toMap(row -> place.applyAsInt(row) - 1, answer));
    }
}
