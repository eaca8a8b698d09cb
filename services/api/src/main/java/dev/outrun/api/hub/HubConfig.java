package dev.outrun.api.hub;

import java.time.Duration;

/**
 * Limits and times of the hub. What one client can hold in memory is {@code queueBytesMax} plus
 * {@code historyPageBytesMax}, plus one event where that is larger.
 *
 * @param clientsMax open subscriptions; one more is refused
 * @param firehoseClientsMax of them those that read all events, with a consumer each
 * @param queueEventsMax live events waiting for one client; one more sends it back to history
 * @param queueBytesMax the same in bytes
 * @param historyReaders consumers, and threads, that read run topics
 * @param historyPageBytesMax what one of them reads before it turns to the next client
 * @param keepAlive silence after which a client gets a comment, which also shows whether it lives
 * @param idleCheck silence after which the ledger is asked whether an event was missed; shared by
 *     the subscribers of a run
 * @param tailLinger how long a shard is still followed after its last subscriber has left, so that
 *     a reconnect finds it followed
 * @param writeStallMax how long one write to a client may take; then the client is cut off
 */
public record HubConfig(
        int clientsMax,
        int firehoseClientsMax,
        int queueEventsMax,
        int queueBytesMax,
        int historyReaders,
        int historyPageBytesMax,
        Duration keepAlive,
        Duration idleCheck,
        Duration tailLinger,
        Duration writeStallMax) {

    /** For 10,000 clients, who rarely wait for anything, in a heap of a few hundred MiB. */
    public static final HubConfig DEFAULT =
            new HubConfig(
                    10_000,
                    128,
                    512,
                    128 * 1024,
                    4,
                    256 * 1024,
                    Duration.ofSeconds(15),
                    Duration.ofSeconds(5),
                    Duration.ofSeconds(10),
                    Duration.ofSeconds(60));

    public HubConfig {
        check("clients_max", clientsMax, 1, 1_000_000);
        check("firehose_clients_max", firehoseClientsMax, 1, 1_000);
        check("queue_events_max", queueEventsMax, 1, 1_000_000);
        check("queue_bytes_max", queueBytesMax, 1, 1 << 30);
        check("history_readers", historyReaders, 1, 64);
        check("history_page_bytes_max", historyPageBytesMax, 1, 1 << 26);
        check("keep_alive", keepAlive);
        check("idle_check", idleCheck);
        check("tail_linger", tailLinger);
        check("write_stall_max", writeStallMax);
    }

    /** The same for so many clients. */
    public HubConfig withClientsMax(int other) {
        return new HubConfig(
                other,
                firehoseClientsMax,
                queueEventsMax,
                queueBytesMax,
                historyReaders,
                historyPageBytesMax,
                keepAlive,
                idleCheck,
                tailLinger,
                writeStallMax);
    }

    private static void check(String name, long value, long least, long most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(
                    "api.hub." + name + " is " + value + ", not " + least + " to " + most);
        }
    }

    private static void check(String name, Duration value) {
        if (value.isNegative() || value.isZero() || value.compareTo(Duration.ofDays(1)) > 0) {
            throw new IllegalArgumentException(
                    "api.hub." + name + " is " + value + ", not above zero and up to a day");
        }
    }
}
