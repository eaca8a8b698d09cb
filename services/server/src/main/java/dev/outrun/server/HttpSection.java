package dev.outrun.server;

import dev.outrun.api.ApiConfig;

/**
 * Where a process listens, whatever its roles are.
 *
 * @param host the address to bind
 * @param port 0 is any free one
 * @param connectionsMax open connections, event streams included; more wait
 */
public record HttpSection(String host, int port, int connectionsMax) {

    /** Loopback: nobody is asked who he is. */
    public static final HttpSection DEFAULT =
            new HttpSection(
                    ApiConfig.LOOPBACK, 8080, ApiConfig.on(ApiConfig.LOOPBACK, 0).connectionsMax());

    /** The same on another port. */
    HttpSection withPort(int other) {
        return new HttpSection(host, other, connectionsMax);
    }
}
