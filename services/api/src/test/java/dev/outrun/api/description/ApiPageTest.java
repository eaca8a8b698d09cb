package dev.outrun.api.description;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** docs/API.md is what is made here, and with {@code -Doutrun.api.write=true} it is written. */
final class ApiPageTest {

    private static final Path PAGE = Path.of("../../docs/API.md");

    @Test
    void page_isWhatTheDescriptionSays() throws IOException {
        // Given
        String wanted = ApiPage.of(ApiDescription.load());
        if (Boolean.getBoolean("outrun.api.write")) {
            Files.writeString(PAGE, wanted);
        }

        // Then
        assertEquals(wanted, Files.readString(PAGE), "write it with -Doutrun.api.write=true");
    }
}
