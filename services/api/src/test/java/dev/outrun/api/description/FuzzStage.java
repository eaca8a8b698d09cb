package dev.outrun.api.description;

import dev.outrun.api.ApiConfig;
import dev.outrun.api.ApiServer;
import dev.outrun.api.access.AccessConfig;
import dev.outrun.api.access.AccessConfig.Mode;
import dev.outrun.api.access.CallerLimits;
import dev.outrun.api.hub.HubConfig;
import dev.outrun.ledger.LedgerConfig;
import dev.outrun.ledger.NewStream;
import dev.outrun.ledger.PostgresLedger;
import dev.outrun.ledger.StartRun;
import dev.outrun.ledger.Wake;
import dev.outrun.ledger.access.ApiKey;
import dev.outrun.ledger.access.KeyText;
import dev.outrun.ledger.access.Role;
import dev.outrun.ledger.access.TenantScope;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.topic.Topics;
import dev.outrun.teststack.TestStack;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;

/**
 * An API over a real ledger, with keys of two tenants that have runs, schedules and streams. What
 * is a tenant's says so, in a word that no other tenant's requests have.
 */
final class FuzzStage implements AutoCloseable {

    static final Tenant ACME = new Tenant("acme");
    static final Tenant UMBRA = new Tenant("umbra");

    private static final List<String> QUEUES = List.of("default", "mail", "streams");

    /** That nobody names, so that nobody empties it. */
    private static final String VAULT = "vault";

    private static final List<String> HANDLERS = List.of("echo", "chat-demo");

    private final PostgresLedger ledger;
    private final ApiServer server;
    private final Map<Tenant, List<RunId>> runs = new HashMap<>();
    private final Map<Tenant, RunId> vaults = new HashMap<>();

    FuzzStage(TestStack stack) throws ExecutionException, InterruptedException {
        makeTopics(stack);
        ledger = PostgresLedger.open(new LedgerConfig(stack.postgres(), 8, "fuzz"));
        ledger.registerHandlers(HANDLERS);
        // Nobody publishes here: everything is read from the ledger.
        Stream.concat(QUEUES.stream(), Stream.of(VAULT))
                .forEach(queue -> ledger.changeQueue(queue, "{\"run_topics\":\"none\"}"));
        server =
                ApiServer.start(
                        ApiConfig.on(ApiConfig.LOOPBACK, 0, access())
                                .withLongPoll(Duration.ofMillis(20))
                                .withHub(hub()),
                        ledger,
                        ledger.access(),
                        tenant -> RunId.mint(InstantSource.system(), new SplittableRandom()),
                        stack.topics(),
                        stack.kafka(),
                        List.of(),
                        new PrometheusMeterRegistry(PrometheusConfig.DEFAULT));
        for (Tenant tenant : List.of(ACME, UMBRA)) {
            furnish(tenant);
        }
    }

    /** Those that the API reads or writes. */
    private static void makeTopics(TestStack stack)
            throws ExecutionException, InterruptedException {
        Topics topics = stack.topics();
        try (Admin admin = Admin.create(stack.kafka().client(Map.of()))) {
            admin.createTopics(
                            List.of(
                                    new NewTopic(topics.events(), 8, (short) 1),
                                    new NewTopic(topics.heartbeats(), 8, (short) 1),
                                    new NewTopic(topics.windows(), 8, (short) 1),
                                    new NewTopic(topics.tasks(), 1, (short) 1)))
                    .all()
                    .get();
        }
    }

    /** That notices soon when a reader has gone: here they all do. */
    private static HubConfig hub() {
        HubConfig usual = HubConfig.DEFAULT;
        return new HubConfig(
                usual.clientsMax(),
                usual.firehoseClientsMax(),
                usual.queueEventsMax(),
                usual.queueBytesMax(),
                usual.historyReaders(),
                usual.historyPageBytesMax(),
                Duration.ofMillis(50),
                usual.idleCheck(),
                usual.tailLinger(),
                usual.writeStallMax());
    }

    private static AccessConfig access() {
        return new AccessConfig(
                Mode.KEYS,
                false,
                16 * 1024,
                new CallerLimits(1_000_000, 1_000_000, 10_000, 10_000),
                Duration.ofDays(1),
                List.of(),
                null,
                null);
    }

    /** The word that only a tenant's own things have in them. */
    static String secret(Tenant tenant) {
        return "belongs-to-" + tenant.name();
    }

    private void furnish(Tenant tenant) {
        List<RunId> own = new ArrayList<>();
        for (int n = 0; n < 4; n++) {
            own.add(start(tenant));
        }
        RunId running = start(tenant);
        ledger.claim(running, 1, "w");
        ledger.append(running, 1, event(tenant));
        own.add(running);
        RunId suspended = start(tenant);
        ledger.claim(suspended, 1, "w");
        ledger.suspend(suspended, 1, new Wake(null, "go", null), null);
        own.add(suspended);
        RunId completed = start(tenant);
        ledger.claim(completed, 1, "w");
        ledger.complete(completed, 1, '"' + secret(tenant) + '"', event(tenant));
        own.add(completed);
        RunId cancelled = start(tenant);
        ledger.cancel(cancelled, secret(tenant));
        own.add(cancelled);
        runs.put(tenant, own);
        RunId vault = start(tenant, VAULT);
        ledger.append(vault, null, event(tenant));
        vaults.put(tenant, vault);
        for (String name : List.of("nightly", "vault-of-" + tenant.name())) {
            ledger.putSchedule(tenant, name, schedule(tenant));
            ledger.streams()
                    .create(
                            new NewStream(
                                    tenant,
                                    name,
                                    null,
                                    "application/json",
                                    null,
                                    null,
                                    "[{\"type\":\"message\",\"data\":\"" + secret(tenant) + "\"}]",
                                    false,
                                    null));
        }
    }

    private RunId start(Tenant tenant) {
        return start(tenant, StartRun.DEFAULT_QUEUE);
    }

    private RunId start(Tenant tenant, String queue) {
        return ledger.start(
                StartRun.with("echo", "{\"x\":\"" + secret(tenant) + "\"}")
                        .tenant(tenant)
                        .queue(queue)
                        .build());
    }

    private static String schedule(Tenant tenant) {
        return "{\"cron\":\"0 0 1 1 *\",\"run\":{\"handler\":\"echo\",\"input\":\""
                + secret(tenant)
                + "\"}}";
    }

    private static String event(Tenant tenant) {
        return "[{\"type\":\"token.delta\",\"data\":\"" + secret(tenant) + "\"}]";
    }

    /** The log of a run that only the other tenant has heard of. */
    List<String> vault(Tenant tenant) {
        return ledger.events(vaultOf(tenant), 0, 1_000).stream()
                .map(event -> new String(event.envelope(), StandardCharsets.UTF_8))
                .toList();
    }

    private RunId vaultOf(Tenant tenant) {
        return Objects.requireNonNull(vaults.get(tenant));
    }

    private List<RunId> runs(Tenant tenant) {
        return Objects.requireNonNull(runs.get(tenant));
    }

    URI url() {
        return URI.create("http://" + ApiConfig.LOOPBACK + ":" + server.port());
    }

    /** Those who call: each role of each tenant, those who may see all, and some who may not. */
    List<RequestFuzz.Who> callers() {
        List<RequestFuzz.Who> callers = new ArrayList<>();
        for (Role role : List.of(Role.READER, Role.WRITER, Role.WRITER, Role.ADMIN)) {
            callers.add(caller(ACME, role, UMBRA));
            callers.add(caller(UMBRA, role, ACME));
        }
        Map<String, List<String>> all = words(Stream.of(ACME, UMBRA), Stream.empty());
        for (Role role : List.of(Role.READER, Role.WORKER, Role.WORKER, Role.ADMIN)) {
            callers.add(new RequestFuzz.Who(key("*", role), null, all));
        }
        callers.add(new RequestFuzz.Who(null, "belongs-to-", all));
        callers.add(new RequestFuzz.Who("outrun_x_y", "belongs-to-", all));
        return callers;
    }

    private RequestFuzz.Who caller(Tenant tenant, Role role, Tenant other) {
        return new RequestFuzz.Who(
                key(tenant.name(), role),
                secret(other),
                words(Stream.of(tenant), Stream.of(other)));
    }

    private String key(String tenants, Role role) {
        KeyText text = KeyText.mint(new SecureRandom());
        ledger.access()
                .addKey(
                        ApiKey.made(
                                text, TenantScope.of(tenants), role, "fuzz", Instant.now(), null));
        return text.text();
    }

    private Map<String, List<String>> words(Stream<Tenant> own, Stream<Tenant> others) {
        List<Tenant> mine = own.toList();
        List<Tenant> theirs = others.toList();
        List<String> ids =
                Stream.concat(
                                mine.stream().flatMap(each -> runs(each).stream()),
                                theirs.stream().map(this::vaultOf))
                        .map(RunId::toString)
                        .toList();
        List<String> names =
                Stream.concat(
                                Stream.of("nightly", "made"),
                                theirs.stream().map(each -> "vault-of-" + each.name()))
                        .toList();
        Map<String, List<String>> words = new HashMap<>();
        for (String name : List.of("id", "run", "parent", "Stream-Forked-From")) {
            words.put(name, ids);
        }
        words.put("stream", Stream.concat(ids.stream(), names.stream()).toList());
        words.put("schedule", names);
        words.put("attempt", List.of("1", "2"));
        words.put("queue", QUEUES);
        words.put("handler", List.of("echo", "chat-demo", "nobodys"));
        words.put("type", List.of("token.delta", "x", "run.completed", "step.completed"));
        words.put("types", List.of("token.delta", "run.*", "*", "x,y"));
        words.put("signal", List.of("go", "stop"));
        words.put("name", List.of("go", "stop"));
        words.put("worker", List.of("w", "w2"));
        words.put("tenant", List.of("acme", "umbra", "default"));
        words.put("idempotency_key", List.of("k1", "k2", "k3"));
        words.put("Idempotency-Key", List.of("k1", "k2", "k3"));
        words.put("dedupe_key", List.of("d1", "d2"));
        words.put("cron", List.of("* * * * *", "@daily", "0 9 * * mon-fri"));
        words.put("time_zone", List.of("UTC", "Europe/Berlin"));
        words.put("offset", List.of("-1", "now", "0000000000000001_0000000000000000"));
        words.put("from", List.of("0", "1", "latest", "0,0"));
        return words;
    }

    @Override
    public void close() {
        server.close();
        ledger.close();
    }
}
