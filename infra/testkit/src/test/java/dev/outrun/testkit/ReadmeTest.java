package dev.outrun.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.outrun.ledger.StartRun;
import dev.outrun.schema.run.RunId;
import dev.outrun.server.cli.Main;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the README tells a user to type works. */
@ExtendWith(OutrunExtension.class)
final class ReadmeTest {

    private static final Pattern WORD = Pattern.compile("'([^']*)'|(\\S+)");

    @Test
    void commands_ofTheReadme_allSucceed(TestOutrun outrun) throws IOException {
        // Given
        RunId run = outrun.start("echo", "1");
        outrun.awaitEnd(run);
        RunId waiting =
                outrun.ledger()
                        .start(
                                StartRun.with("echo", "1")
                                        .runAt(Instant.now().plus(Duration.ofHours(1)))
                                        .build());
        List<String> commands =
                Files.readAllLines(Path.of("../../README.md")).stream()
                        .filter(line ->
                                line.matches("\\./outrun (run|queue|schedule|analytics) .*"))
                        .toList();
        assertFalse(commands.isEmpty());

        // When / Then
        for (String command : commands) {
            List<String> words =
                    words(
                            command.replace("$RUN", run.toString())
                                    .replace("$WAITING", waiting.toString()));
            words.addAll(List.of("--url", outrun.url().toString()));
            assertEquals(0, Main.run(words.toArray(String[]::new)), command);
        }
    }

    /** The words after the program's name, as a shell would split them. */
    private static List<String> words(String command) {
        List<String> words = new ArrayList<>();
        Matcher matcher = WORD.matcher(command.substring("./outrun ".length()));
        while (matcher.find()) {
            words.add(matcher.group(1) == null ? matcher.group(2) : matcher.group(1));
        }
        return words;
    }
}
