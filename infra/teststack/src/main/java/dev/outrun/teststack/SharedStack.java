package dev.outrun.teststack;

import dev.outrun.schema.topic.Topics;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The servers of a JVM and what they hold: hands each test its part and takes it back. Taking back
 * happens on a thread of its own, so that the next test does not wait for it. Thread-safe.
 */
final class SharedStack implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(SharedStack.class);

    private static final Duration CLEANUP_AT_END = Duration.ofSeconds(10);

    private final Backend backend;
    private final Databases databases;
    private final Admin admin;
    private final AtomicInteger tests = new AtomicInteger();
    private final ExecutorService cleanup =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().daemon().name("teststack-cleanup").factory());

    private SharedStack(Backend backend, Databases databases, Admin admin) {
        this.backend = backend;
        this.databases = databases;
        this.admin = admin;
    }

    static SharedStack start() {
        Backend backend = StackChoice.fromSystemProperties().start();
        try {
            Databases databases = Databases.withTemplate(backend.postgres());
            Admin admin =
                    Admin.create(
                            Map.of(
                                    AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG,
                                    backend.bootstrapServers(),
                                    AdminClientConfig.CLIENT_ID_CONFIG,
                                    "teststack"));
            return new SharedStack(backend, databases, admin);
        } catch (SQLException e) {
            backend.close();
            throw new IllegalStateException("cannot make the template database", e);
        } catch (Throwable e) {
            backend.close();
            throw e;
        }
    }

    /** A part for one test; closing it gives it back. */
    Lease lease() {
        String name = "t" + tests.incrementAndGet();
        try {
            databases.create(name);
        } catch (SQLException e) {
            throw new IllegalStateException("cannot make database " + name, e);
        }
        return new Lease(
                new TestStack(
                        databases.address(name),
                        databases.source(name),
                        backend.bootstrapServers(),
                        new Topics(name),
                        name),
                this);
    }

    record Lease(TestStack stack, SharedStack owner) implements AutoCloseable {

        @Override
        public void close() {
            owner.cleanup.execute(() -> owner.takeBack(stack));
        }
    }

    /** Returns when all that was given back so far is gone. */
    void awaitCleanup() throws InterruptedException, ExecutionException {
        cleanup.submit(() -> {}).get();
    }

    private void takeBack(TestStack stack) {
        String name = stack.postgres().database();
        try {
            databases.drop(name);
        } catch (SQLException e) {
            log.warn("test database stays database={}", name, e);
        }
        try {
            deleteTopics(stack.topics().prefix());
        } catch (ExecutionException e) {
            log.warn("test topics stay prefix={}", stack.topics().prefix(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the JVM ends: the broker goes with its data
        }
    }

    /** Also what a Kafka Streams application named after the prefix has made for itself. */
    private void deleteTopics(String prefix) throws ExecutionException, InterruptedException {
        Set<String> all = admin.listTopics().names().get();
        List<String> mine =
                all.stream()
                        .filter(topic ->
                                topic.startsWith(prefix + ".") || topic.startsWith(prefix + "-"))
                        .toList();
        if (!mine.isEmpty()) {
            admin.deleteTopics(mine).all().get();
        }
    }

    @Override
    public void close() {
        cleanup.shutdownNow();
        try {
            if (!cleanup.awaitTermination(CLEANUP_AT_END.toSeconds(), TimeUnit.SECONDS)) {
                log.warn("test cleanup does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            admin.close(Duration.ZERO);
            backend.close();
        }
    }
}
