package dev.outrun.api;

import dev.outrun.api.access.Access;
import dev.outrun.api.access.AccessConfig;
import dev.outrun.api.access.AuditTrail;
import dev.outrun.api.access.Caller;
import dev.outrun.api.access.Limits;
import dev.outrun.api.access.Origins;
import dev.outrun.ledger.access.AccessLedger;
import dev.outrun.ledger.access.AuditEntry;
import dev.outrun.ledger.access.Role;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.Tenant;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HttpException;
import io.helidon.webserver.ServerConnectionException;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What stands before each call: whether a stranger's page makes it, who makes it, whether they may,
 * and whether they make too many. Behind it, the audit log.
 */
final class Guard implements AutoCloseable {

    private static final HeaderName TENANT = HeaderNames.create(Caller.TENANT_HEADER);

    /** Path parameters that name what a call is about. */
    private static final List<String> TARGETS = List.of("id", "queue", "schedule", "stream");

    /** What such a name may be like; anything else is refused later, and not worth a row's text. */
    private static final Pattern TARGET = Pattern.compile("[A-Za-z0-9._/-]{1,255}");

    private final Access access;
    private final Origins origins;
    private final Limits limits;
    private final AuditTrail trail;
    private final InstantSource clock;

    private Guard(
            Access access, Origins origins, Limits limits, AuditTrail trail, InstantSource clock) {
        this.access = access;
        this.origins = origins;
        this.limits = limits;
        this.trail = trail;
        this.clock = clock;
    }

    /** One as the settings have it; the ledger stays the caller's to close. */
    static Guard start(
            ApiConfig config, AccessLedger keys, MeterRegistry registry, InstantSource clock) {
        AccessConfig settings = config.access();
        boolean loopbackOnly =
                !settings.asks() && !settings.insecure() && Origins.isLoopback(config.host());
        return new Guard(
                Access.of(settings, keys, clock),
                new Origins(settings.origins(), loopbackOnly),
                new Limits(settings.limits(), registry, System::nanoTime),
                AuditTrail.start(keys, settings.auditRetention(), registry, clock),
                clock);
    }

    /** What stands before all routes: whether a browser shows the answer to the page that asks. */
    Cors cors() {
        return new Cors(origins);
    }

    /** Writes what the audit log does not have yet. */
    @Override
    public void close() {
        trail.close();
    }

    /** The route's call with this guard before it. */
    Handler before(Route route) {
        return route.role() == Role.ANYONE
                ? (request, response) -> route.call().answer(request, response, Caller.ANYONE)
                : (request, response) -> guarded(route, request, response);
    }

    private void guarded(Route route, ServerRequest request, ServerResponse response)
            throws Exception {
        origins.check(
                first(request, HeaderNames.HOST),
                first(request, HeaderNames.ORIGIN),
                route.isChanging());
        Caller caller = caller(request, response);
        Limits.Entered entered = limits.enter(caller, lasts(route, request));
        boolean goesOn = false;
        try {
            // What workers do is in the runs' logs, with their names, and there is much of it.
            if (caller.isKnown() && route.isChanging() && route.role() != Role.WORKER) {
                audited(route, request, response, caller);
            } else {
                allowed(route, request, response, caller);
            }
        } catch (StreamBegun begun) {
            goesOn = true;
            begun.stream().afterwards(entered::close);
            throw begun;
        } finally {
            if (!goesOn) {
                entered.close();
            }
        }
    }

    private static boolean lasts(Route route, ServerRequest request) {
        return route.lasts()
                || EventStreams.areWantedBy(request)
                || request.query().contains(StreamRoutes.LIVE);
    }

    private static void allowed(
            Route route, ServerRequest request, ServerResponse response, Caller caller)
            throws Exception {
        check(route, caller);
        route.call().answer(request, response, caller);
    }

    private void audited(Route route, ServerRequest request, ServerResponse response, Caller caller)
            throws Exception {
        int status = ErrorCode.INTERNAL.httpStatus();
        try {
            allowed(route, request, response, caller);
            status = response.status().code();
        } catch (OutrunException e) {
            status = e.code().httpStatus();
            throw e;
        } catch (HttpException e) {
            status = e.status().code();
            throw e;
        } catch (ServerConnectionException e) { // it is done; nobody is there to hear of it
            status = response.status().code();
            throw e;
        } finally {
            trail.add(
                    new AuditEntry(
                            clock.instant(),
                            caller.name(),
                            caller.tenant().name(),
                            route.toString(),
                            target(request, response),
                            status,
                            address(request)));
        }
    }

    private Caller caller(ServerRequest request, ServerResponse response) {
        Caller caller;
        try {
            caller = access.caller(first(request, HeaderNames.AUTHORIZATION), address(request));
        } catch (OutrunException e) {
            if (e.code() == ErrorCode.UNAUTHENTICATED) {
                response.header(HeaderNames.WWW_AUTHENTICATE, "Bearer");
            }
            throw e;
        }
        String tenant = first(request, TENANT);
        return tenant == null ? caller : caller.actingFor(new Tenant(tenant));
    }

    private static void check(Route route, Caller caller) {
        if (!caller.role().includes(route.role())) {
            throw new OutrunException(
                    ErrorCode.FORBIDDEN,
                    "this asks for the role "
                            + route.role().text()
                            + ", and the caller's is "
                            + caller.role().text());
        } else if (route.everyTenant() && !caller.tenants().isEvery()) {
            throw new OutrunException(
                    ErrorCode.FORBIDDEN,
                    "this concerns every tenant, and the caller is of "
                            + caller.tenants()
                            + " alone");
        }
    }

    private static @Nullable String target(ServerRequest request, ServerResponse response) {
        String named = null;
        for (String name : TARGETS) {
            if (request.path().pathParameters().contains(name)) {
                named = request.path().pathParameters().get(name);
            }
        }
        String location = response.headers().first(HeaderNames.LOCATION).orElse(null);
        if (location != null && !location.endsWith("/" + named)) { // another run was started
            return location.substring(location.lastIndexOf('/') + 1);
        }
        return named != null && TARGET.matcher(named).matches() ? named : null;
    }

    private static @Nullable String first(ServerRequest request, HeaderName name) {
        return request.headers().first(name).orElse(null);
    }

    private static String address(ServerRequest request) {
        return request.remotePeer().address() instanceof InetSocketAddress socket
                ? socket.getAddress().getHostAddress()
                : "unknown";
    }
}
