package dev.outrun.connector.source;

import dev.outrun.connector.source.SlotHealth.WalStatus;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at a slot every few seconds, whether or not we are the one who reads from it, and says once
 * when its health has changed. Thread-safe.
 */
public final class SlotCare implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(SlotCare.class);

    private final ReplicationSlot slot;
    private final String name;
    private final Duration every;
    private final long lagBytesMax;
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile @Nullable SlotHealth last;
    private WalStatus saidStatus = WalStatus.RESERVED;
    private boolean saidBehind;

    /** Looks at nothing yet. */
    public SlotCare(ReplicationSlot slot, String name, Duration every, long lagBytesMax) {
        this.slot = slot;
        this.name = name;
        this.every = every;
        this.lagBytesMax = lagBytesMax;
    }

    /** Begins to look, on a thread of its own. */
    public void start() {
        Thread.ofVirtual().name("outrun-slot-care-" + name).start(this::loop);
    }

    /** What it saw last; null where there is no slot, or the database did not answer. */
    public @Nullable SlotHealth last() {
        return last;
    }

    /** What an operator has to know of the slot, in words; empty where all is well. */
    public Optional<String> problem() {
        SlotHealth health = last;
        if (health == null) {
            return Optional.empty();
        } else if (health.isLost()) {
            String reason = health.invalidation();
            return Optional.of(
                    "slot %s is invalidated: %s".formatted(name, reason == null ? "lost" : reason));
        } else if (isBehind(health)) {
            return Optional.of(
                    "slot %s is %d bytes behind, more than %d"
                            .formatted(name, health.lagBytes(), lagBytesMax));
        }
        return Optional.empty();
    }

    /** Looks once, now. */
    public synchronized void look() {
        try {
            SlotHealth health = slot.health();
            last = health;
            if (health != null) {
                sayWhatChanged(health);
            }
        } catch (SQLException e) {
            last = null;
            LOG.debug("the slot cannot be looked at slot={}", name, e);
        }
    }

    @Override
    public void close() {
        closed.countDown();
    }

    private void loop() {
        try {
            do {
                look();
            } while (!closed.await(every.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // nobody does; the thread ends
        }
    }

    private boolean isBehind(SlotHealth health) {
        return health.lagBytes() > lagBytesMax;
    }

    private void sayWhatChanged(SlotHealth health) {
        WalStatus status = health.isLost() ? WalStatus.LOST : health.walStatus();
        if (status != saidStatus) {
            saidStatus = status;
            if (status == WalStatus.RESERVED) {
                LOG.info("the slot's log is reserved again slot={}", name);
            } else {
                LOG.warn(
                        "the slot's log is {} slot={} retained_bytes={} safe_bytes={} reason={}",
                        status,
                        name,
                        health.retainedBytes(),
                        health.safeBytes(),
                        health.invalidation());
            }
        }
        if (isBehind(health) != saidBehind) {
            saidBehind = !saidBehind;
            LOG.warn(
                    "the slot {} slot={} lag_bytes={} lag_bytes_max={}",
                    saidBehind ? "is far behind" : "has caught up",
                    name,
                    health.lagBytes(),
                    lagBytesMax);
        }
    }
}
