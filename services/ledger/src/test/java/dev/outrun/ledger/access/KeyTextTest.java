package dev.outrun.ledger.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class KeyTextTest {

    @Test
    void mintedKey_isReadAsItWasWritten_andShowsNoSecretByItself() {
        // When
        KeyText key = KeyText.mint(new SecureRandom());

        // Then
        assertEquals(Optional.of(key), KeyText.parse(key.text()));
        assertEquals(7 + 12 + 1 + 43, key.text().length());
        assertFalse(key.toString().contains(key.secret()));
        assertNotEquals(key, KeyText.mint(new SecureRandom()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "outrun_",
                "outrun_aaaaaaaaaaaa_",
                "outrun_aaaaaaaaaaaa_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                "outrun_aaaaaaaaaaaa_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                "outrun_AAAAAAAAAAAA_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                "Outrun_aaaaaaaaaaaa_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                "outrun_aaaaaaaaaaaa_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
            })
    void text_thatIsNoKey_isNone(String text) {
        assertEquals(Optional.empty(), KeyText.parse(text));
    }

    @Test
    void hash_isOfItsSecretAlone() {
        // When
        KeyHash hash = KeyHash.ofSecret("s3cret");

        // Then
        assertTrue(hash.isOf("s3cret"));
        assertFalse(hash.isOf("s3creT"));
        assertFalse(hash.isOf(""));
        assertEquals(hash, KeyHash.ofBytes(hash.bytes()));
        assertEquals(32, hash.bytes().length);
    }

    @Test
    void roles_includeThoseBelowThem() {
        List<Role> rising = List.of(Role.ANYONE, Role.READER, Role.WRITER, Role.WORKER, Role.ADMIN);
        for (Role role : rising) {
            for (Role asked : rising) {
                assertEquals(
                        rising.indexOf(role) >= rising.indexOf(asked),
                        role.includes(asked),
                        role + " " + asked);
            }
        }
        assertThrows(IllegalArgumentException.class, () -> Role.of("anyone"));
        assertEquals(Role.WORKER, Role.of("worker"));
    }
}
