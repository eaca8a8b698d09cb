package dev.outrun.server.cli;

import dev.outrun.schema.run.RunStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A load of sample runs, all followed live. Once per build it goes through a process that writes
 * down what it does, for the JVM's AOT cache: which classes it loads, and which methods are hot.
 * From then on a start compiles those first, and is up to its work seconds after it is ready.
 */
final class Rehearsal {

    /** Together 1,000 events a second for some 20 seconds. */
    private static final int RUNS = 100;

    private static final String CHAT = "{\"rate\": 10, \"tokens\": 200}";

    private final ApiClient api;

    Rehearsal(ApiClient api) {
        this.api = api;
    }

    /** Returns when every run has ended as it should. */
    void run() throws InterruptedException {
        try (ExecutorService followers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> following = new ArrayList<>();
            for (int i = 0; i < RUNS; i++) {
                following.add(followers.submit(() -> chat()));
            }
            String id = started("sleeper", "{}");
            following.add(followers.submit(() -> follow(id, RunStatus.CANCELLED)));
            api.get("/v1/runs?limit=20");
            api.get("/v1/runs/" + id + "/events");
            api.cancel(id, "rehearsed");
            for (Future<?> one : following) {
                one.get();
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException("the rehearsal failed", e.getCause());
        }
    }

    private void chat() {
        follow(started("chat-demo", CHAT), RunStatus.COMPLETED);
    }

    private String started(String handler, String input) {
        return api.start(handler, input).get("id").asText();
    }

    private void follow(String id, RunStatus expected) {
        String status = api.follow(id, 0, _ -> {});
        if (!status.equals(expected.text())) {
            throw new IllegalStateException("run %s is %s".formatted(id, status));
        }
    }
}
