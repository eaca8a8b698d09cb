package dev.outrun.schema.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PostgresAddressTest {

    @Test
    void url_isRead() {
        assertEquals(
                new PostgresAddress("db.example", 6543, "app", "me", "a:b/c"),
                PostgresAddress.parse("postgresql://me:a:b%2Fc@db.example:6543/app"));
        assertEquals(
                new PostgresAddress("localhost", 5432, "app", "me", ""),
                PostgresAddress.parse("postgres://me@localhost/app"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "localhost:5432",
                "mysql://me:secret@localhost/app",
                "postgresql://me:secret@localhost",
                "postgresql://me:secret@localhost/",
                "postgresql://localhost/app",
                "postgresql://me:secret@local host/app"
            })
    void otherText_isRefusedWithoutQuotingIt(String url) {
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> PostgresAddress.parse(url));
        assertFalse(String.valueOf(refused.getMessage()).contains("secret"));
    }
}
