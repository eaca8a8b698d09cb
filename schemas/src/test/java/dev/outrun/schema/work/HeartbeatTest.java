package dev.outrun.schema.work;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class HeartbeatTest {

    @Test
    void claimant_isReadAsItIsWritten() {
        // Given
        String claimant = Heartbeat.claimant("odd@name", 1_795_000_000_000L);

        // When
        Optional<Heartbeat> own = Heartbeat.of(claimant);

        // Then
        assertEquals(Optional.of(new Heartbeat("odd@name", 1_795_000_000_000L, false)), own);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "name", "name@", "name@x", "name@99999999999999999999"})
    void claimantWithoutASession_hasNoSign(String claimant) {
        // When
        Optional<Heartbeat> own = Heartbeat.of(claimant);

        // Then
        assertEquals(Optional.empty(), own);
    }
}
