package dev.outrun.analytics;

import dev.outrun.schema.analytics.WindowKey;
import dev.outrun.schema.event.PlatformEvent;
import java.time.Instant;

/** Whose runs are looked at together. */
record Series(String tenant, String queue, String handler) {

    static Series of(PlatformEvent.Requested requested) {
        return new Series(requested.tenant(), requested.queue(), requested.handler());
    }

    static Series of(WindowKey key) {
        return new Series(key.tenant(), key.queue(), key.handler());
    }

    /** Its window that starts then. */
    WindowKey window(int shard, Instant start) {
        return new WindowKey(shard, start, tenant, queue, handler);
    }
}
