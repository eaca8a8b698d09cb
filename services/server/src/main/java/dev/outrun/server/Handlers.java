package dev.outrun.server;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.worker.HandlerProvider;
import dev.outrun.worker.RunHandler;
import dev.outrun.worker.sample.SampleHandlers;
import java.util.HashMap;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/** The handlers of a process: those of the class path's providers, and the samples if wanted. */
public final class Handlers {

    private Handlers() {}

    /**
     * Finds them; none for a process that is no worker.
     *
     * @throws OutrunException {@code invalid_request} where two have one name, a provider fails, or
     *     a worker would have none
     */
    public static Map<String, RunHandler> of(OutrunConfig config) {
        if (!config.has(Role.WORKER)) {
            return Map.of();
        }
        Map<String, RunHandler> all = new HashMap<>();
        try {
            for (HandlerProvider provider : ServiceLoader.load(HandlerProvider.class)) {
                add(provider.handlers(), provider.getClass().getName(), all);
            }
        } catch (ServiceConfigurationError e) {
            throw new OutrunException(
                    ErrorCode.INVALID_REQUEST,
                    "a provider of handlers cannot be loaded: " + e.getMessage(),
                    e);
        }
        if (config.worker().samples()) {
            add(SampleHandlers.all(), "worker.samples", all);
        }
        if (all.isEmpty()) {
            throw refusal(
                    "the worker has no handlers: put a jar with a HandlerProvider into"
                            + " OUTRUN_CLASS_PATH, set worker.samples, or leave the role worker to"
                            + " other processes");
        }
        return Map.copyOf(all);
    }

    private static void add(
            Map<String, RunHandler> some, String provider, Map<String, RunHandler> to) {
        some.forEach((name, handler) -> {
            if (to.putIfAbsent(name, handler) != null) {
                throw refusal("the handler '" + name + "' of " + provider + " is another's, too");
            }
        });
    }

    private static OutrunException refusal(String message) {
        return new OutrunException(ErrorCode.INVALID_REQUEST, message);
    }
}
