package dev.outrun.schema.error;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class ErrorCodeTest {

    @Test
    void sqlStates_thatTheFunctionsRaise_allHaveACode() throws IOException {
        // Given
        StringBuilder functions = new StringBuilder();
        for (String file : List.of("V2__runs", "V3__queues", "V4__decisions", "V5__signals")) {
            try (InputStream in =
                    ErrorCode.class.getResourceAsStream("/db/migration/" + file + ".sql")) {
                functions.append(new String(Objects.requireNonNull(in).readAllBytes(), UTF_8));
            }
        }

        // When
        Set<String> raised =
                Pattern.compile("errcode = '(OR\\d+)'")
                        .matcher(functions)
                        .results()
                        .map((MatchResult match) -> match.group(1))
                        .collect(Collectors.toCollection(TreeSet::new));

        // Then
        assertEquals(8, raised.size());
        raised.forEach(state -> assertNotNull(ErrorCode.ofSqlState(state), state));
        assertNull(ErrorCode.ofSqlState("23505"));
        assertEquals("run_closed", ErrorCode.RUN_CLOSED.code());
    }
}
