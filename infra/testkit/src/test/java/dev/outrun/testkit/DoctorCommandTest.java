package dev.outrun.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outrun.schema.sql.PostgresAddress;
import dev.outrun.server.cli.Main;
import dev.outrun.teststack.TestStack;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(OutrunExtension.class)
final class DoctorCommandTest {

    @Test
    void doctor_ofARunningOutrun_findsNothingThatFails(TestOutrun outrun) {
        // Given
        TestStack stack = outrun.stack();

        // When / Then
        assertEquals(0, doctor(stack, stack.bootstrapServers()));
        assertEquals(0, doctor(stack, stack.bootstrapServers(), "--json"));
    }

    @Test
    void doctor_withoutABroker_fails(TestOutrun outrun) {
        assertEquals(1, doctor(outrun.stack(), "127.0.0.1:1"));
    }

    @Test
    void doctor_ofAWrongAddress_isAWrongWord() {
        assertEquals(2, Main.run("doctor", "--postgres", "mysql://somewhere"));
    }

    private static int doctor(TestStack stack, String kafka, String... more) {
        PostgresAddress postgres = stack.postgres();
        List<String> words =
                new ArrayList<>(
                        List.of(
                                "doctor",
                                "--postgres",
                                "postgresql://%s:%s@%s:%d/%s"
                                        .formatted(
                                                postgres.user(),
                                                postgres.password(),
                                                postgres.host(),
                                                postgres.port(),
                                                postgres.database()),
                                "--kafka",
                                kafka,
                                "--topic-prefix",
                                stack.topics().prefix(),
                                "--slot",
                                stack.slot()));
        words.addAll(List.of(more));
        return Main.run(words.toArray(String[]::new));
    }
}
