package dev.outrun.api;

import dev.outrun.ledger.access.Role;
import io.helidon.http.Method;

/**
 * One call of the API.
 *
 * @param role what its caller must have
 * @param everyTenant whether it concerns every tenant, as a queue does: then its caller must see
 *     them all
 * @param lasts whether its answer may be long in coming, or in ending
 */
record Route(Method method, String path, Role role, boolean everyTenant, boolean lasts, Call call) {

    static Route get(String path, Role role, Call call) {
        return new Route(Method.GET, path, role, false, false, call);
    }

    static Route head(String path, Role role, Call call) {
        return new Route(Method.HEAD, path, role, false, false, call);
    }

    static Route post(String path, Role role, Call call) {
        return new Route(Method.POST, path, role, false, false, call);
    }

    static Route put(String path, Role role, Call call) {
        return new Route(Method.PUT, path, role, false, false, call);
    }

    static Route delete(String path, Role role, Call call) {
        return new Route(Method.DELETE, path, role, false, false, call);
    }

    static Route patch(String path, Role role, Call call) {
        return new Route(Method.PATCH, path, role, false, false, call);
    }

    /** The same, where it concerns every tenant. */
    Route ofEveryTenant() {
        return new Route(method, path, role, true, lasts, call);
    }

    /** The same, where its answer may be long in coming, or in ending. */
    Route lasting() {
        return new Route(method, path, role, everyTenant, true, call);
    }

    /** Whether it changes anything. */
    boolean isChanging() {
        return !method.equals(Method.GET) && !method.equals(Method.HEAD);
    }

    /** Method and path, such as {@code GET /v1/runs}. */
    @Override
    public String toString() {
        return method.text() + " " + path;
    }
}
