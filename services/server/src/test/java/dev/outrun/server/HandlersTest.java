package dev.outrun.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.server.config.Configuration;
import dev.outrun.worker.sample.SampleHandlers;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class HandlersTest {

    @Test
    void processWithoutAWorker_hasNone() {
        assertEquals(
                Map.of(), Handlers.of(config(Map.of("roles", "api", "worker.samples", "true"))));
    }

    @Test
    void worker_hasTheSamples_whereTheyAreAskedFor() {
        assertEquals(
                SampleHandlers.all().keySet(),
                Handlers.of(config(Map.of("worker.samples", "true"))).keySet());
    }

    @Test
    void worker_withoutAny_isRefused() {
        // When
        OutrunException refused =
                assertThrows(OutrunException.class, () -> Handlers.of(config(Map.of())));

        // Then
        assertEquals(ErrorCode.INVALID_REQUEST, refused.code());
        assertTrue(String.valueOf(refused.getMessage()).startsWith("the worker has no handlers: "));
    }

    private static OutrunConfig config(Map<String, String> flags) {
        return Configuration.load(
                        Map.of(
                                "instance", "node-1",
                                "postgres.url", "postgresql://me@db/app",
                                "kafka.bootstrap_servers", "k1:9092"),
                        Optional.empty(),
                        Map.of(),
                        flags)
                .config();
    }
}
