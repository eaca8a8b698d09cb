package dev.outrun.server;

import dev.outrun.api.ApiConfig;
import dev.outrun.api.access.AccessConfig;

/**
 * Where a process listens, whatever its roles are.
 *
 * @param host the address to bind
 * @param port 0 is any free one
 * @param connectionsMax open connections, event streams included; more wait
 * @param access who may call, and how much
 */
public record HttpSection(String host, int port, int connectionsMax, AccessConfig access) {

    /** Loopback: nobody is asked who he is. */
    public static final HttpSection DEFAULT =
            new HttpSection(
                    ApiConfig.LOOPBACK,
                    8080,
                    ApiConfig.on(ApiConfig.LOOPBACK, 0).connectionsMax(),
                    AccessConfig.NONE);

    /**
     * As the API takes it.
     *
     * @throws IllegalArgumentException where strangers would reach it and nobody is asked
     */
    public ApiConfig config() {
        return ApiConfig.on(host, port, access).withConnectionsMax(connectionsMax);
    }

    /** The same on another port. */
    HttpSection withPort(int other) {
        return new HttpSection(host, other, connectionsMax, access);
    }

    /** The same for other callers. */
    HttpSection withAccess(AccessConfig other) {
        return new HttpSection(host, port, connectionsMax, other);
    }
}
