package dev.outrun.api.access;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class OriginsTest {

    private final Origins loopback = new Origins(List.of(), true);
    private final Origins named = new Origins(List.of("https://app.example.com"), false);

    @Test
    void change_byAStrangersPage_isRefused() {
        assertRefused(loopback, "127.0.0.1:8080", "https://evil.example", true);
        assertRefused(loopback, "127.0.0.1:8080", "null", true);
        assertRefused(loopback, "127.0.0.1:8080", "http://127.0.0.1:9090", true);
        assertRefused(named, "outrun.example.com", "https://evil.example", true);
    }

    @Test
    void change_byOurOwnOrANamedPage_isNot() {
        assertDoesNotThrow(() -> {
            loopback.check("127.0.0.1:8080", "http://127.0.0.1:8080", true);
            loopback.check("localhost:8080", null, true);
            named.check("Outrun.example.com", "https://outrun.example.com", true);
            named.check("outrun.example.com", "https://app.example.com", true);
            named.check("outrun.example.com", "https://evil.example", false);
        });
    }

    @Test
    void nameThatWasLedToLoopback_isRefusedWhereNobodyIsAsked() {
        assertRefused(loopback, "evil.example:8080", null, false);
        assertRefused(loopback, null, null, false);
        assertDoesNotThrow(() -> named.check("evil.example:8080", null, false));
    }

    @Test
    void loopback_isToldWithoutAskingAnybody() {
        for (String host : List.of("127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost")) {
            assertTrue(Origins.isLoopback(host), host);
        }
        for (String host : List.of("0.0.0.0", "::", "10.0.0.1", "localhost.example", "", "[")) {
            assertFalse(Origins.isLoopback(host), host);
        }
    }

    private static void assertRefused(
            Origins origins, @Nullable String host, @Nullable String origin, boolean changing) {
        assertEquals(
                ErrorCode.FORBIDDEN,
                assertThrows(OutrunException.class, () -> origins.check(host, origin, changing))
                        .code());
    }
}
