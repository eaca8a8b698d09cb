package dev.outrun.ledger.memory;

import dev.outrun.ledger.MadeStream;
import dev.outrun.ledger.NewStream;
import dev.outrun.ledger.StreamAnswer;
import dev.outrun.ledger.StreamAnswer.Outcome;
import dev.outrun.ledger.StreamAppend;
import dev.outrun.ledger.StreamLedger;
import dev.outrun.ledger.StreamState;
import dev.outrun.ledger.memory.MemoryStream.Terms;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.EventTypes;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.run.Tenant;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The SQL functions' rules about streams, for the ledger in memory. */
final class MemoryStreams implements StreamLedger {

    private static final Pattern MEDIA_TYPE =
            Pattern.compile("[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+*-]+");
    private static final int CHARACTERS_MAX = 255;
    private static final long TTL_SECONDS_MAX = 3_155_760_000L;
    private static final long NUMBER_MAX = (1L << 53) - 1;

    private final MemoryRuns runs;
    private final Transaction transaction;
    private final Map<String, MemoryStream> streams = new LinkedHashMap<>();

    /** Runs something under the ledger's lock. */
    @FunctionalInterface
    interface Transaction {
        <T> T run(Supplier<T> body);
    }

    MemoryStreams(MemoryRuns runs, Transaction transaction) {
        this.runs = runs;
        this.transaction = transaction;
    }

    @Override
    public MadeStream create(NewStream stream) {
        check(stream);
        List<MemoryJson.TypeAndData> events =
                stream.events() == null ? List.of() : MemoryJson.events(stream.events());
        return transaction.run(() -> {
            MemoryStream source = null;
            if (stream.fork() != null) {
                MemoryStream known = streams.get(key(stream.tenant(), stream.fork().from()));
                if (known != null && known.deleted) {
                    return new MadeStream.Conflict();
                }
                source = live(stream.tenant(), stream.fork().from());
            }
            Terms terms = Terms.of(stream, source, runs.now());
            return source == null || source.terms.isOfType(terms.contentType())
                    ? create(stream, terms, source, events)
                    : new MadeStream.Conflict();
        });
    }

    private MadeStream create(
            NewStream stream,
            Terms terms,
            @Nullable MemoryStream source,
            List<MemoryJson.TypeAndData> events) {
        String key = key(stream.tenant(), stream.name());
        MemoryStream before = streams.get(key);
        if (before != null && before.hasExpired(runs.now())) {
            drop(before, "the stream has expired");
            before = streams.get(key);
        }
        if (before != null) {
            return before.is(stream, terms) ? made(false, before) : new MadeStream.Conflict();
        }
        MemoryStream made = new MemoryStream(stream, terms, run(stream, terms, source));
        streams.put(key, made);
        runs.append(made.run, events);
        if (stream.closed()) {
            close(made);
        }
        return made(true, made);
    }

    private static MadeStream made(boolean created, MemoryStream stream) {
        return new MadeStream.Made(
                created, stream.run.id, stream.terms.contentType(), stream.end());
    }

    private MemoryRun run(NewStream stream, Terms terms, @Nullable MemoryStream source) {
        if (source == null || stream.fork() == null) {
            String input =
                    "{\"stream\":"
                            + MemoryRuns.quoted(stream.name())
                            + ",\"content_type\":"
                            + MemoryRuns.quoted(terms.contentType())
                            + "}";
            return runs.startStream(stream.tenant(), input, stream.id());
        }
        MemoryCut cut = MemoryCut.of(source, stream.fork());
        MemoryRun run = runs.forkRun(source.run, Math.max(cut.at(), 1), stream.id());
        runs.append(run, cut.part());
        return run;
    }

    private static void check(NewStream stream) {
        check(isText(stream.name()), "name");
        String type = stream.contentType();
        check(
                type == null
                        || (type.length() <= CHARACTERS_MAX
                                && MEDIA_TYPE.matcher(MemoryStream.mediaType(type)).matches()),
                "content type");
        Long ttl = stream.ttlSeconds();
        check(ttl == null || (ttl >= 0 && ttl <= TTL_SECONDS_MAX), "time to live");
        check(ttl == null || stream.expiresAt() == null, "two times");
        check(!stream.tenant().name().equals("outrun"), "tenant");
    }

    private static boolean isText(String text) {
        return !text.isEmpty()
                && text.length() <= CHARACTERS_MAX
                && text.chars().noneMatch(Character::isISOControl);
    }

    private static void check(boolean condition, String what) {
        MemoryRuns.require(condition, ErrorCode.INVALID_REQUEST, what);
    }

    @Override
    public StreamState find(Tenant tenant, String name, boolean renew) {
        return transaction.run(() -> {
            MemoryStream stream = live(tenant, name);
            if (renew) {
                stream.renew(runs.now());
            }
            return new StreamState(
                    stream.run.toRun(),
                    stream.terms.contentType(),
                    stream.terms.ttlSeconds(),
                    stream.expiresAt);
        });
    }

    @Override
    public StreamAnswer append(StreamAppend append) {
        StreamAppend.Producer producer = append.producer();
        check(append.events() != null || append.closing(), "nothing to append");
        check(append.writerSeq() == null || append.writerSeq().length() <= CHARACTERS_MAX, "seq");
        check(
                producer == null
                        || (isText(producer.id())
                                && isNumber(producer.epoch())
                                && isNumber(producer.seq())),
                "producer");
        List<MemoryJson.TypeAndData> events =
                append.events() == null ? List.of() : MemoryJson.events(append.events());
        return transaction.run(() -> {
            MemoryStream stream = live(append.tenant(), append.name());
            Outcome outcome = outcome(stream, append);
            if (outcome == Outcome.APPENDED) {
                runs.append(stream.run, events);
                if (append.closing()) {
                    close(stream);
                }
                stream.appended(append, runs.now());
            }
            StreamAppend.Producer last =
                    producer == null ? null : stream.producers.get(producer.id());
            return new StreamAnswer(
                    outcome,
                    stream.end(),
                    stream.isClosed(),
                    last == null ? null : (Long) last.epoch(),
                    last == null ? null : (Long) last.seq());
        });
    }

    private static boolean isNumber(long number) {
        return number >= 0 && number <= NUMBER_MAX;
    }

    private static Outcome outcome(MemoryStream stream, StreamAppend append) {
        StreamAppend.Producer now = append.producer();
        StreamAppend.Producer last = now == null ? null : stream.producers.get(now.id());
        if (now != null && last != null && last.epoch() > now.epoch()) {
            return Outcome.STALE_PRODUCER;
        } else if (now != null
                && last != null
                && last.epoch() == now.epoch()
                && last.seq() >= now.seq()) {
            return Outcome.DUPLICATE;
        } else if (stream.isClosed()) {
            return append.events() == null && now == null ? Outcome.DUPLICATE : Outcome.CLOSED;
        } else if (append.contentType() != null && !stream.terms.isOfType(append.contentType())) {
            return Outcome.OTHER_TYPE;
        } else if (now != null && last != null && last.epoch() < now.epoch() && now.seq() > 0) {
            return Outcome.NO_BEGINNING;
        } else if (now != null
                && now.seq() > (last == null || last.epoch() < now.epoch() ? 0 : last.seq() + 1)) {
            return Outcome.GAP;
        } else if (append.writerSeq() != null
                && stream.writerSeq != null
                && bytewise(append.writerSeq(), stream.writerSeq) <= 0) {
            return Outcome.STALE_SEQ;
        }
        return Outcome.APPENDED;
    }

    private static int bytewise(String one, String other) {
        return Arrays.compareUnsigned(
                one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void delete(Tenant tenant, String name) {
        transaction.run(() -> drop(live(tenant, name), "the stream is deleted"));
    }

    @Override
    public int expire(int most) {
        return transaction.run(() -> {
            List<MemoryStream> expired =
                    streams.values().stream()
                            .filter(stream -> stream.hasExpired(runs.now()))
                            .limit(most)
                            .toList();
            expired.forEach(stream -> drop(stream, "the stream has expired"));
            return expired.size();
        });
    }

    private MemoryStream live(Tenant tenant, String name) {
        MemoryStream stream = streams.get(key(tenant, name));
        Instant now = runs.now();
        if (stream != null && (stream.deleted || stream.hasExpired(now)) && hasForks(stream)) {
            throw new OutrunException(ErrorCode.STREAM_GONE, "stream " + name + " is gone");
        } else if (stream == null || stream.deleted || stream.hasExpired(now)) {
            throw new OutrunException(ErrorCode.UNKNOWN_STREAM, "unknown stream " + name);
        }
        return stream;
    }

    private boolean hasForks(MemoryStream stream) {
        return streams.values().stream()
                .anyMatch(fork -> stream.run.id.equals(fork.terms.forkedFrom()));
    }

    private boolean drop(MemoryStream stream, String reason) {
        stream.producers.clear();
        if (hasForks(stream)) {
            stream.deleted = true;
            stream.expiresAt = null;
        } else {
            streams.remove(key(stream.made.tenant(), stream.made.name()));
            RunId from = stream.terms.forkedFrom();
            streams.values().stream()
                    .filter(source -> source.deleted && Objects.equals(source.run.id, from))
                    .findFirst()
                    .ifPresent(source -> drop(source, reason));
        }
        if (stream.run.finishedAt == null) {
            runs.cancel(stream.run, reason);
        }
        return true;
    }

    private void close(MemoryStream stream) {
        runs.finish(stream.run, RunStatus.COMPLETED, EventTypes.COMPLETED, "{\"output\":null}");
    }

    private static String key(Tenant tenant, String name) {
        return tenant.name() + ' ' + name;
    }
}
