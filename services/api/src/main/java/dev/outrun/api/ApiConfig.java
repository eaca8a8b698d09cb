package dev.outrun.api;

import dev.outrun.api.access.AccessConfig;
import dev.outrun.api.access.Origins;
import dev.outrun.api.board.BoardConfig;
import dev.outrun.api.hub.HubConfig;
import java.time.Duration;

/**
 * Where the API listens, and its limits.
 *
 * @param host the address to bind; loopback unless told otherwise
 * @param port 0 takes a free one
 * @param connectionsMax open connections, event streams included; more wait in the backlog
 * @param startBodyBytesMax the largest body of a start: an input of 1 MiB and what is around it
 * @param eventsBodyBytesMax the largest body of an append
 * @param longPoll how long a stream's reader waits for an answer when there is nothing to read
 * @param access who may call, and how much
 * @param closeMax how long {@link ApiServer#close} waits for requests and streams to end
 */
public record ApiConfig(
        String host,
        int port,
        int connectionsMax,
        int startBodyBytesMax,
        int eventsBodyBytesMax,
        Duration longPoll,
        AccessConfig access,
        Duration closeMax,
        HubConfig hub,
        BoardConfig board) {

    public static final String LOOPBACK = "127.0.0.1";

    private static final int PORT_MAX = 65_535;
    private static final int BODY_BYTES_MAX = 24 * 1024 * 1024;

    public ApiConfig {
        check("port", port, 0, PORT_MAX);
        check("connections_max", connectionsMax, 1, 1_000_000);
        check("start_body_bytes_max", startBodyBytesMax, 1, BODY_BYTES_MAX);
        check("events_body_bytes_max", eventsBodyBytesMax, 1, BODY_BYTES_MAX);
        check("long_poll_ms", longPoll.toMillis(), 1, Duration.ofMinutes(5).toMillis());
        check("close_max_ms", closeMax.toMillis(), 1, Duration.ofMinutes(10).toMillis());
        if (host.isBlank()) {
            throw new IllegalArgumentException("api.host is empty");
        } else if (!Origins.isLoopback(host) && !access.asks() && !access.insecure()) {
            throw new IllegalArgumentException(
                    "http.host is "
                            + host
                            + ", where others reach it, and access.mode is none: set it to keys"
                            + " (and make one with ./outrun key create), or access.insecure to"
                            + " true where something else keeps strangers out");
        }
    }

    /** The defaults, on this address and port, for everybody who reaches it. */
    public static ApiConfig on(String host, int port) {
        return on(host, port, AccessConfig.NONE);
    }

    /** The same for those who may. */
    public static ApiConfig on(String host, int port, AccessConfig access) {
        return new ApiConfig(
                host,
                port,
                HubConfig.DEFAULT.clientsMax() + 2_000,
                1536 * 1024,
                16 * 1024 * 1024 + 64 * 1024,
                Duration.ofSeconds(20),
                access,
                Duration.ofSeconds(2),
                HubConfig.DEFAULT,
                BoardConfig.DEFAULT);
    }

    /** The same with so many connections at the most. */
    public ApiConfig withConnectionsMax(int other) {
        return with(other, longPoll, access, hub);
    }

    /** The same with other limits for event streams. */
    public ApiConfig withHub(HubConfig other) {
        return with(connectionsMax, longPoll, access, other);
    }

    /** The same with other patience for those who wait. */
    public ApiConfig withLongPoll(Duration other) {
        return with(connectionsMax, other, access, hub);
    }

    /** The same with other callers. */
    public ApiConfig withAccess(AccessConfig other) {
        return with(connectionsMax, longPoll, other, hub);
    }

    private ApiConfig with(
            int otherConnectionsMax,
            Duration otherLongPoll,
            AccessConfig otherAccess,
            HubConfig otherHub) {
        return new ApiConfig(
                host,
                port,
                otherConnectionsMax,
                startBodyBytesMax,
                eventsBodyBytesMax,
                otherLongPoll,
                otherAccess,
                closeMax,
                otherHub,
                board);
    }

    private static void check(String name, long value, long least, long most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(
                    "api." + name + " is " + value + ", not " + least + " to " + most);
        }
    }
}
