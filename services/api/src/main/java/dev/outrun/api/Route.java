package dev.outrun.api;

import dev.outrun.ledger.access.Role;
import io.helidon.http.Method;

/**
 * One call of the API.
 *
 * @param role what its caller must have
 * @param everyTenant whether it concerns every tenant, as a queue does: then its caller must see
 *     them all
 */
record Route(Method method, String path, Role role, boolean everyTenant, Call call) {

    static Route get(String path, Role role, Call call) {
        return new Route(Method.GET, path, role, false, call);
    }

    static Route head(String path, Role role, Call call) {
        return new Route(Method.HEAD, path, role, false, call);
    }

    static Route post(String path, Role role, Call call) {
        return new Route(Method.POST, path, role, false, call);
    }

    static Route put(String path, Role role, Call call) {
        return new Route(Method.PUT, path, role, false, call);
    }

    static Route delete(String path, Role role, Call call) {
        return new Route(Method.DELETE, path, role, false, call);
    }

    static Route patch(String path, Role role, Call call) {
        return new Route(Method.PATCH, path, role, false, call);
    }

    /** The same, where it concerns every tenant. */
    Route ofEveryTenant() {
        return new Route(method, path, role, true, call);
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
