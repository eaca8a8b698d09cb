package dev.outrun.server;

import dev.outrun.api.hub.HubConfig;

/**
 * The limits of the API.
 *
 * @param clientsMax open event streams of runs; one more is refused
 * @param mintedRuns ids kept ready per tenant, their topics made: new runs that need not wait for
 *     their topic, in a burst
 */
public record ApiSection(int clientsMax, int mintedRuns) {

    public static final ApiSection DEFAULT = new ApiSection(HubConfig.DEFAULT.clientsMax(), 32);
}
