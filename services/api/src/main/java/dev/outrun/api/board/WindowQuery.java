package dev.outrun.api.board;

import dev.outrun.schema.analytics.WindowKey;
import dev.outrun.schema.run.Tenant;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Which windows somebody wants, and how much is put together.
 *
 * @param from windows that start at it or later
 * @param to windows that start before it; null: no end
 * @param queue only of this queue; null: of all
 * @param handler only of this handler; null: of all
 * @param size how long the windows are: a multiple of {@link WindowKey#SIZE}
 * @param by what windows are told apart by, besides their start
 */
public record WindowQuery(
        Tenant tenant,
        Instant from,
        @Nullable Instant to,
        @Nullable String queue,
        @Nullable String handler,
        Duration size,
        By by) {

    /** What has windows of its own. */
    public enum By {
        QUEUE_AND_HANDLER,
        QUEUE,
        HANDLER,
        ALL
    }

    boolean includes(WindowKey key) {
        return key.tenant().equals(tenant.name())
                && (queue == null || key.queue().equals(queue))
                && (handler == null || key.handler().equals(handler));
    }

    /** The start of the window that another one is a part of. */
    Instant startOf(Instant start) {
        return WindowKey.startOf(start, size);
    }

    /** Whether a window of ours that starts then is wanted. */
    boolean includesStart(Instant start) {
        return !start.isBefore(from) && (to == null || start.isBefore(to));
    }

    Place place(WindowKey key) {
        boolean queues = by == By.QUEUE || by == By.QUEUE_AND_HANDLER;
        boolean handlers = by == By.HANDLER || by == By.QUEUE_AND_HANDLER;
        return new Place(
                startOf(key.start()), queues ? key.queue() : null, handlers ? key.handler() : null);
    }

    /** What an answer's window is of; null: of all. */
    public record Place(Instant start, @Nullable String queue, @Nullable String handler) {}
}
