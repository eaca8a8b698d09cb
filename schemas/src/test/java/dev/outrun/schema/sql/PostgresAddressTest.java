package dev.outrun.schema.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
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

    @Test
    void options_areInBothUrls() {
        // When
        PostgresAddress read =
                PostgresAddress.parse(
                        "postgresql://me@db.example/app?sslmode=verify-full&sslrootcert=/a%20ca");

        // Then
        assertEquals(
                new PostgresAddress("db.example", 5432, "app", "me", "")
                        .withOptions(Map.of("sslmode", "verify-full", "sslrootcert", "/a ca")),
                read);
        assertEquals(
                "jdbc:postgresql://db.example:5432/app?sslmode=verify-full&sslrootcert=%2Fa+ca",
                read.jdbcUrl());
        assertEquals("me@db.example:5432/app", read.toString());
    }

    @Test
    void options_thatAreNotForIt_areRefused() {
        // When
        IllegalArgumentException refused =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> PostgresAddress.parse("postgresql://me@db/app?sslmod=require"));

        // Then
        assertTrue(
                String.valueOf(refused.getMessage())
                        .startsWith("an option of a database's address is sslmod, not one of "));
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
                "postgresql://me:secret@localhost/app?sslmode",
                "postgresql://me:secret@local host/app"
            })
    void otherText_isRefusedWithoutQuotingIt(String url) {
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> PostgresAddress.parse(url));
        assertFalse(String.valueOf(refused.getMessage()).contains("secret"));
    }
}
