package dev.outrun.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.server.OutrunConfig;
import dev.outrun.server.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The end of docs/CONFIG.md is what is written here, and with {@code -Doutrun.config.write=true} it
 * is written there.
 */
final class ConfigPageTest {

    private static final Path PAGE = Path.of("../../docs/CONFIG.md");
    private static final String BEGIN = "## Every setting\n";
    private static final Pattern EXAMPLE = Pattern.compile("```yaml\n(.*?)```", Pattern.DOTALL);

    @Test
    void page_listsEverySetting() throws IOException {
        // Given
        String page = Files.readString(PAGE);
        int begin = page.indexOf(BEGIN);
        assertTrue(begin > 0);
        String wanted = page.substring(0, begin) + BEGIN + table();
        if (Boolean.getBoolean("outrun.config.write")) {
            page = Files.readString(Files.writeString(PAGE, wanted));
        }

        // Then
        assertEquals(wanted, page, "write it with -Doutrun.config.write=true");
    }

    @Test
    void example_ofThePage_isRead(@TempDir Path folder) throws IOException {
        // Given
        Matcher example = EXAMPLE.matcher(Files.readString(PAGE));
        assertTrue(example.find());
        Path secret = Files.writeString(folder.resolve("secret"), "");
        Path file =
                Files.writeString(
                        folder.resolve("outrun.yaml"),
                        example.group(1)
                                .replaceAll(
                                        "/run/secrets/\\S+",
                                        Matcher.quoteReplacement(secret.toString())));

        // When
        OutrunConfig config =
                Configuration.load(Map.of(), Optional.of(file), Map.of(), Map.of()).config();

        // Then
        assertEquals(Set.of(Role.API, Role.CONNECTOR, Role.ENGINE, Role.WORKER), config.roles());
    }

    private static String table() {
        StringBuilder table =
                new StringBuilder(
                        "\n| setting | variable | default | takes | is |\n|---|---|---|---|---|\n");
        for (Key<?> key : Keys.ALL) {
            table.append(
                    "| `%s` | `%s`%s | %s | %s | %s |\n"
                            .formatted(
                                    key.path(),
                                    key.variable(),
                                    key.kind().names().isEmpty() ? "" : " and the entry's name",
                                    key.shown(),
                                    key.kind().takes(),
                                    key.says()));
        }
        return table.toString();
    }
}
