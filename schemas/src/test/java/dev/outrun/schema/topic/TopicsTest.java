package dev.outrun.schema.topic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.Tenant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TopicsTest {

    private static final String ID = "01890a5d-ac96-774b-bcce-b302099a8057";

    private final Topics topics = new Topics("some.prefix");

    @Test
    void runTopic_ofAName_isWhoseNameItIs() {
        // Given
        Topics.RunTopic topic = new Topics.RunTopic(new Tenant("a-1"), RunId.parse(ID));

        // When
        String name = topics.run(topic);

        // Then
        assertEquals("some.prefix.run.a-1." + ID, name);
        assertEquals(topic, topics.runTopic(name));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "some.prefix",
                "some.prefix.run.",
                "some.prefix.events",
                "some.prefix.runs",
                "some.prefix.run.default",
                "some.prefix.run.default.",
                "some.prefix.run.default.notes",
                "some.prefix.run.default." + ID + ".log",
                "some.prefix.run.default.01890A5D-AC96-774B-BCCE-B302099A8057",
                "some.prefix.run.Default." + ID,
                "some.prefix.run.." + ID,
                "some.prefix.run.a.b." + ID,
                "some.prefix.runs.default." + ID,
                "some-prefix.run.default." + ID,
                "some.prefix2.run.default." + ID,
                "x.some.prefix.run.default." + ID
            })
    void runTopic_ofAnotherName_isNone(String name) {
        assertNull(topics.runTopic(name));
    }
}
