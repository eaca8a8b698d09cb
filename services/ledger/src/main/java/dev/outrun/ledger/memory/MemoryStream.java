package dev.outrun.ledger.memory;

import dev.outrun.ledger.NewStream;
import dev.outrun.ledger.StreamAppend;
import dev.outrun.schema.run.RunId;
import java.time.Instant;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A stream in memory: what its row and its producers' rows hold. Guarded by the ledger's lock. */
final class MemoryStream {

    private static final String DEFAULT_TYPE = "application/octet-stream";

    final NewStream made;
    final Terms terms;
    final MemoryRun run;
    final Map<String, StreamAppend.Producer> producers = new HashMap<>();
    @Nullable Instant expiresAt;
    @Nullable String writerSeq;
    boolean deleted;

    /** What is fixed when it is made, what it has from its source included. */
    record Terms(
            String contentType,
            @Nullable Long ttlSeconds,
            @Nullable Instant expiresAt,
            @Nullable RunId forkedFrom) {

        static Terms of(NewStream stream, @Nullable MemoryStream source, Instant now) {
            String type = stream.contentType();
            Long ttl = stream.ttlSeconds();
            Instant expiresAt = stream.expiresAt();
            if (source != null && ttl == null && expiresAt == null) {
                ttl = source.terms.ttlSeconds();
                expiresAt = source.expiresAt;
            }
            if (type == null) {
                type = source == null ? DEFAULT_TYPE : source.terms.contentType();
            }
            return new Terms(
                    type,
                    ttl,
                    ttl == null ? expiresAt : now.plusSeconds(ttl),
                    source == null ? null : source.run.id);
        }

        boolean isOfType(String other) {
            return mediaType(contentType).equals(mediaType(other));
        }

        boolean isJson() {
            return isOfType("application/json");
        }
    }

    MemoryStream(NewStream made, Terms terms, MemoryRun run) {
        this.made = made;
        this.terms = terms;
        this.run = run;
        this.expiresAt = terms.expiresAt();
    }

    static String mediaType(String contentType) {
        return contentType.split(";", 2)[0].trim().toLowerCase(Locale.ROOT);
    }

    boolean hasExpired(Instant now) {
        return expiresAt != null && !expiresAt.isAfter(now);
    }

    boolean isClosed() {
        return run.finishedAt != null;
    }

    /** Where its next message goes, or would go. */
    long end() {
        return run.log.size() - (isClosed() ? 1L : 0L);
    }

    /** Whether this one is what somebody wants to make. */
    boolean is(NewStream wanted, Terms wantedTerms) {
        NewStream.Fork fork = wanted.fork();
        boolean sameFork =
                fork == null
                        || (Objects.equals(terms.forkedFrom(), wantedTerms.forkedFrom())
                                && made.fork() != null
                                && Objects.equals(made.fork().at(), fork.at())
                                && made.fork().more() == fork.more());
        return !deleted
                && sameFork
                && terms.isOfType(wantedTerms.contentType())
                && Objects.equals(terms.ttlSeconds(), wantedTerms.ttlSeconds())
                && (terms.ttlSeconds() != null
                        || Objects.equals(terms.expiresAt(), wantedTerms.expiresAt()))
                && isClosed() == wanted.closed();
    }

    void renew(Instant now) {
        if (terms.ttlSeconds() != null) {
            expiresAt = now.plusSeconds(terms.ttlSeconds());
        }
    }

    void appended(StreamAppend append, Instant now) {
        renew(now);
        if (append.writerSeq() != null) {
            writerSeq = append.writerSeq();
        }
        StreamAppend.Producer producer = append.producer();
        if (producer != null) {
            producers.put(producer.id(), producer);
        }
    }
}
