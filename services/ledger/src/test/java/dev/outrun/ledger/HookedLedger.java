package dev.outrun.ledger;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/** A ledger whose calls a test can fail, hold up or watch. */
public final class HookedLedger {

    private HookedLedger() {}

    /** One call of the ledger's. */
    @FunctionalInterface
    public interface Call {
        Object run() throws Exception;
    }

    /** What happens instead of a call; usually the call itself, and something more. */
    @FunctionalInterface
    public interface Hook {

        /** Runs the call, or does not. */
        Object around(String method, Object[] arguments, Call call) throws Exception;
    }

    /** The ledger, with the hook around each call. */
    public static Ledger of(Ledger ledger, Hook hook) {
        return (Ledger)
                Proxy.newProxyInstance(
                        Ledger.class.getClassLoader(),
                        new Class<?>[] {Ledger.class},
                        (proxy, method, arguments) ->
                                hook.around(
                                        method.getName(),
                                        arguments == null ? new Object[0] : arguments,
                                        () -> {
                                            try {
                                                return method.invoke(ledger, arguments);
                                            } catch (InvocationTargetException e) {
                                                throw thrown(e);
                                            }
                                        }));
    }

    private static Exception thrown(InvocationTargetException e) throws Error {
        if (e.getCause() instanceof Error error) {
            throw error;
        }
        return e.getCause() instanceof Exception exception ? exception : e;
    }
}
