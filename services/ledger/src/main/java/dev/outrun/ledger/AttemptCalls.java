package dev.outrun.ledger;

import dev.outrun.ledger.jooq.Routines;
import dev.outrun.ledger.jooq.tables.records.AppendAllRecord;
import dev.outrun.ledger.jooq.tables.records.ClaimAllRecord;
import dev.outrun.ledger.jooq.tables.records.CompleteAllRecord;
import dev.outrun.schema.error.ErrorCode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import org.jooq.Configuration;
import org.jooq.JSON;
import org.jooq.Record;
import org.jooq.Result;
import org.jspecify.annotations.Nullable;

/**
 * The calls that every attempt makes. Under load they are made for many attempts together: a
 * transaction costs the server as much as what is done in it.
 */
final class AttemptCalls {

    private static final int LANES = 2;
    private static final int BATCH_MAX = 64;

    /** Larger ones go alone: a batch is held in memory, here and there. */
    private static final int PAYLOAD_MAX = 1 << 16;

    private final Configuration jooq;
    private final CallBatcher<Claiming, Optional<Claim>> claims;
    private final CallBatcher<Appending, Long> appends;
    private final CallBatcher<Completing, Long> completions;

    AttemptCalls(Configuration jooq) {
        this.jooq = jooq;
        this.claims = new CallBatcher<>(LANES, BATCH_MAX, this::claimAll, this::claim);
        this.appends = new CallBatcher<>(LANES, BATCH_MAX, this::appendAll, this::append);
        this.completions = new CallBatcher<>(LANES, BATCH_MAX, this::completeAll, this::complete);
    }

    private record Claiming(UUID run, int attempt, String worker) {}

    private record Appending(UUID run, int attempt, JSON events) {}

    private record Completing(UUID run, int attempt, JSON output, @Nullable JSON events) {}

    Optional<Claim> claim(UUID run, int attempt, String worker) {
        return claims.answer(new Claiming(run, attempt, worker));
    }

    long append(UUID run, int attempt, String events) {
        Appending appending = new Appending(run, attempt, JSON.valueOf(events));
        return events.length() > PAYLOAD_MAX ? append(appending) : appends.answer(appending);
    }

    long complete(UUID run, int attempt, String output, @Nullable String events) {
        Completing completing =
                new Completing(
                        run,
                        attempt,
                        JSON.valueOf(output),
                        events == null ? null : JSON.valueOf(events));
        return output.length() + (events == null ? 0 : events.length()) > PAYLOAD_MAX
                ? complete(completing)
                : completions.answer(completing);
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
