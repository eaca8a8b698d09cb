package dev.outrun.testkit;

import static dev.outrun.testkit.LogAssert.data;
import static dev.outrun.testkit.LogAssert.types;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.api.access.AccessConfig;
import dev.outrun.ledger.LedgerConfig;
import dev.outrun.ledger.PostgresLedger;
import dev.outrun.ledger.StartRun;
import dev.outrun.ledger.access.ApiKey;
import dev.outrun.ledger.access.KeyText;
import dev.outrun.ledger.access.Role;
import dev.outrun.ledger.access.TenantScope;
import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.event.Event;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.server.cli.ApiClient;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import dev.outrun.worker.JsonText;
import dev.outrun.worker.RunHandler;
import dev.outrun.worker.WorkerConfig;
import dev.outrun.worker.http.HttpWorker;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Handlers in Java that reach nothing but the API, with a key of theirs. */
@ExtendWith(TestStackExtension.class)
final class HttpWorkerTest {

    private static final Tenant ACME = new Tenant("acme");

    private final TestStack stack;
    private final PostgresLedger ledger;

    HttpWorkerTest(TestStack stack) {
        this.stack = stack;
        this.ledger = PostgresLedger.open(new LedgerConfig(stack.postgres(), 2, "test"));
    }

    private TestOutrun outrun() {
        return TestOutrun.start(stack, Map.of(), config -> config.withAccess(AccessConfig.KEYS));
    }

    private String key(String tenants, Role role) {
        KeyText text = KeyText.mint(new SecureRandom());
        ledger.access()
                .addKey(
                        ApiKey.made(
                                text, TenantScope.of(tenants), role, "test", Instant.now(), null));
        return text.text();
    }

    private HttpWorker worker(
            TestOutrun outrun, String name, Duration grace, Map<String, RunHandler> handlers) {
        WorkerConfig config = new WorkerConfig(name, 1, 4, Duration.ofMillis(5), grace);
        return HttpWorker.start(outrun.url(), key("*", Role.WORKER), config, handlers);
    }

    private RunId start(String handler, String input) {
        return ledger.start(StartRun.with(handler, input).tenant(ACME).build());
    }

    private List<Event> awaitEnd(TestOutrun outrun, RunId run) {
        new ApiClient(outrun.url(), key("acme", Role.READER), null)
                .follow(run.toString(), 0, line -> {});
        return ledger.events(run, 0, 1_000);
    }

    @Test
    void handler_doesAllThatOneBesidePostgresDoes() {
        AtomicInteger asked = new AtomicInteger();
        Map<String, RunHandler> handlers =
                Map.of(
                        "parent",
                        (run, input) -> {
                            run.emit("input", new JsonText(input.json()));
                            int once = run.step("ask", asked::incrementAndGet);
                            run.sleep(Duration.ofMillis(10));
                            String word = run.awaitSignal("word", String.class);
                            run.startChild("child", StartRun.of("leaf", "\"" + word + "\""));
                            return once
                                    + ": "
                                    + run.awaitChildren().getFirst().output(String.class);
                        },
                        "leaf",
                        (run, input) -> input.as(String.class) + "!");
        try (TestOutrun outrun = outrun();
                HttpWorker worker = worker(outrun, "w", Duration.ofSeconds(5), handlers)) {
            // Given
            RunId run = start("parent", "{\"n\": 1.50,  \"s\": \"\\u20ac\"}");
            ledger.signal(run, "word", "\"well\"");

            // When
            List<Event> log = awaitEnd(outrun, run);

            // Then
            assertEquals("run.completed", log.getLast().type(), types(log).toString());
            Event input =
                    log.stream().filter(e -> e.type().equals("input")).findFirst().orElseThrow();
            assertEquals("{\"n\": 1.50,  \"s\": \"\\u20ac\"}", data(input));
            assertTrue(data(log.getLast()).contains("1: "), data(log.getLast()));
            assertTrue(data(log.getLast()).contains("well!"), data(log.getLast()));
            assertEquals(1, asked.get());
            assertEquals(0, worker.worker().running());
            assertTrue(worker.worker().problem().isEmpty());
        }
    }

    @Test
    void workerClosed_handsItsAttemptBack_andAnotherGoesOn() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        AtomicInteger asked = new AtomicInteger();
        RunHandler lasting =
                (run, input) -> {
                    run.step("ask", asked::incrementAndGet);
                    if (run.attempt() == 1) {
                        begun.countDown();
                        new CountDownLatch(1).await();
                    }
                    return run.attempt();
                };
        try (TestOutrun outrun = outrun()) {
            // Given
            RunId run;
            try (HttpWorker _ = worker(outrun, "first", Duration.ZERO, Map.of("long", lasting))) {
                run = start("long", "1");
                begun.await();
            }

            // When
            List<Event> log;
            try (HttpWorker _ = worker(outrun, "second", Duration.ZERO, Map.of("long", lasting))) {
                log = awaitEnd(outrun, run);
            }

            // Then
            assertEquals("{\"output\":2}", data(log.getLast()));
            assertTrue(
                    log.stream().anyMatch(event -> data(event).contains("worker_stopped")),
                    types(log).toString());
            assertEquals(1, asked.get());
        }
    }

    @Test
    void cancel_interruptsTheHandler() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        RunHandler waits =
                (run, input) -> {
                    begun.countDown();
                    try {
                        new CountDownLatch(1).await();
                    } finally {
                        interrupted.countDown();
                    }
                    return null;
                };
        try (TestOutrun outrun = outrun();
                HttpWorker _ = worker(outrun, "w", Duration.ofSeconds(5), Map.of("waits", waits))) {
            // Given
            RunId run = start("waits", "1");
            begun.await();

            // When
            ledger.cancel(run, null);
            List<Event> log = awaitEnd(outrun, run);

            // Then
            interrupted.await();
            assertEquals("run.cancelled", log.getLast().type());
        }
    }

    @Test
    void keyThatMayNot_isRefusedAtTheStart() {
        try (TestOutrun outrun = outrun()) {
            for (String wrong :
                    List.of(key("*", Role.WRITER), key("acme", Role.WORKER), "outrun_no_key")) {
                // When
                OutrunException refusal =
                        assertThrows(
                                OutrunException.class,
                                () ->
                                        HttpWorker.start(
                                                outrun.url(),
                                                wrong,
                                                WorkerConfig.of("w", 1),
                                                Map.of("echo", (run, input) -> null)));

                // Then
                assertTrue(
                        List.of(ErrorCode.FORBIDDEN, ErrorCode.UNAUTHENTICATED)
                                .contains(refusal.code()),
                        refusal.code().code());
            }
        }
    }
}
