package dev.outrun.worker.http;

import dev.outrun.worker.RunHandler;
import dev.outrun.worker.Worker;
import dev.outrun.worker.WorkerConfig;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A worker over HTTP, for handlers where Postgres and Kafka are out of reach. */
public final class HttpWorker implements AutoCloseable {

    private final Worker worker;
    private final HttpCalls calls;

    private HttpWorker(Worker worker, HttpCalls calls) {
        this.worker = worker;
        this.calls = calls;
    }

    /**
     * Starts one; returns when it takes tasks, and runs of its handlers may be started.
     *
     * @param url the API's, such as {@code http://127.0.0.1:8080}
     * @param key with the role {@code worker}, of every tenant; null where the server asks for none
     * @throws dev.outrun.schema.error.OutrunException {@code unavailable} if nobody answers, {@code
     *     unauthenticated}, {@code forbidden}, {@code invalid_request} for a handler without a
     *     proper name
     */
    public static HttpWorker start(
            URI url, @Nullable String key, WorkerConfig config, Map<String, RunHandler> handlers) {
        HttpCalls calls = new HttpCalls(url, key);
        HttpAttempts attempts = new HttpAttempts(calls);
        try {
            Worker worker =
                    Worker.start(
                            config,
                            attempts,
                            new HttpSignals(attempts),
                            List.of(new HttpTasks(calls, attempts, config.name())),
                            handlers);
            return new HttpWorker(worker, calls);
        } catch (RuntimeException e) {
            calls.close();
            throw e;
        }
    }

    /** The worker itself: how it is, and how much it does. */
    public Worker worker() {
        return worker;
    }

    /** Ends as {@link Worker#close} does. */
    @Override
    public void close() {
        worker.close();
        calls.close();
    }
}
