package dev.outrun.api.access;

import dev.outrun.ledger.access.AccessLedger;
import dev.outrun.ledger.access.ApiKey;
import dev.outrun.ledger.access.KeyHash;
import dev.outrun.ledger.access.KeyText;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Callers by key. What the ledger said of a key holds for a moment, so a revoked one opens doors
 * for that long; then one of its callers asks again, and the others go on meanwhile, for another
 * moment at most. Whatever is wrong with a key, the answer is the same.
 */
final class KeyAccess implements Access {

    private static final Logger LOG = LoggerFactory.getLogger(KeyAccess.class);

    /** How long a revoked key may still be let in. */
    static final Duration MOMENT = Duration.ofSeconds(5);

    /** Keys in use at once on a node; beyond it all are asked for again. */
    private static final int KNOWN_MAX = 10_000;

    /** Asking for keys that there may not be, for each address; else trying keys is free. */
    private static final int ASKED_PER_SECOND = 20;

    private static final int ASKED_BURST = 100;

    /** How exact {@code last_used_at} is: a write a minute and key. */
    private static final Duration USED_EVERY = Duration.ofMinutes(1);

    /** Compared with where there is no key, so that this takes as long. */
    private static final KeyHash NOBODYS = KeyHash.ofSecret("");

    private static final String SCHEME = "Bearer ";

    /** What the ledger said of a key, and whether somebody asks it again. */
    private record Known(ApiKey key, Instant at, boolean asking) {

        boolean isFresh(Instant now) {
            return now.isBefore(at.plus(asking ? MOMENT.multipliedBy(2) : MOMENT));
        }

        Known usedAt(Instant time) {
            return new Known(key.usedAt(time), at, asking);
        }
    }

    private final AccessLedger ledger;
    private final InstantSource clock;
    private final Map<String, Known> known = new ConcurrentHashMap<>();
    private final Buckets asked = new Buckets(ASKED_PER_SECOND, ASKED_BURST, System::nanoTime);

    KeyAccess(AccessLedger ledger, InstantSource clock) {
        this.ledger = ledger;
        this.clock = clock;
    }

    @Override
    public Caller caller(@Nullable String authorization, String address) {
        KeyText shown = KeyText.parse(bearer(authorization)).orElseThrow(KeyAccess::refusal);
        Instant now = clock.instant();
        ApiKey key = find(shown.id(), address, now).orElse(null);
        boolean itsSecret = (key == null ? NOBODYS : key.hash()).isOf(shown.secret());
        if (key == null || !itsSecret || !key.isGood(now)) {
            throw refusal();
        }
        noteUse(key, now);
        return Caller.known(
                "key:" + key.id(), key.role(), key.tenants(), () -> isStillGood(key.id()));
    }

    /** What the header's value bears. Throws {@code unauthenticated} where it is none. */
    static String bearer(@Nullable String authorization) {
        if (authorization == null) {
            throw new OutrunException(
                    ErrorCode.UNAUTHENTICATED, "this needs 'Authorization: Bearer' and a key");
        } else if (!authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            throw refusal();
        }
        return authorization.substring(SCHEME.length()).trim();
    }

    /** The one answer to whatever is not good. */
    static OutrunException refusal() {
        return new OutrunException(
                ErrorCode.UNAUTHENTICATED, "what was shown is not, or no longer, a good key");
    }

    private Optional<ApiKey> find(String id, String address, Instant now) {
        Optional<ApiKey> before = remembered(id, now);
        if (before.isPresent()) {
            return before;
        }
        if (!known.containsKey(id) && !asked.take(address)) {
            throw new OutrunException(
                    ErrorCode.TOO_MANY_REQUESTS, "too many unknown keys from this address");
        }
        return ask(id, now);
    }

    /** What is known of a key; empty where this caller has to ask. */
    private Optional<ApiKey> remembered(String id, Instant now) {
        Known before = known.get(id);
        if (before == null) {
            return Optional.empty();
        }
        if (before.isFresh(now)) {
            return Optional.of(before.key());
        }
        Known again = new Known(before.key(), before.at(), true);
        boolean mine = before.asking() || known.replace(id, before, again);
        return mine || !again.isFresh(now) ? Optional.empty() : Optional.of(before.key());
    }

    private Optional<ApiKey> ask(String id, Instant now) {
        Optional<ApiKey> found = ledger.key(id);
        if (found.isEmpty()) { // not kept: there is no end of keys that there are not
            known.remove(id);
            return found;
        }
        if (known.size() >= KNOWN_MAX) {
            known.clear();
        }
        known.put(id, new Known(found.get(), now, false));
        return found;
    }

    private void noteUse(ApiKey key, Instant now) {
        Instant last = key.lastUsedAt();
        Known before = known.get(key.id());
        if ((last == null || last.plus(USED_EVERY).isBefore(now))
                && before != null
                && known.replace(key.id(), before, before.usedAt(now))) { // by one of many
            try {
                ledger.keyUsed(key.id(), now);
            } catch (OutrunException e) { // the key is good all the same
                LOG.warn("event=key_use_not_noted key={} reason={}", key.id(), e.getMessage());
            }
        }
    }

    private boolean isStillGood(String id) {
        Instant now = clock.instant();
        try {
            return remembered(id, now)
                    .or(() -> ask(id, now))
                    .filter(key -> key.isGood(now))
                    .isPresent();
        } catch (OutrunException e) { // nobody knows: what is open stays open
            return true;
        }
    }
}
