package dev.outrun.testkit.fault;

import dev.outrun.engine.EngineProperties;
import dev.outrun.engine.Guarantee;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import dev.outrun.server.Engine;
import dev.outrun.streams.DeadLetters;
import dev.outrun.teststack.TestStack;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;

/** A process that is an engine, until it is killed or nobody is there any more to write to it. */
final class EngineProcess {

    static final String STARTED = "started";

    private EngineProcess() {}

    /** Bootstrap servers, topic prefix, guarantee, instance, state folder. */
    public static void main(String[] args) throws IOException {
        Topics topics = new Topics(args[1]);
        Engine engine =
                Engine.start(
                        topics,
                        new EngineProperties(
                                KafkaAddress.of(args[0]),
                                topics,
                                Guarantee.valueOf(args[2]),
                                args[3],
                                1,
                                Path.of(args[4]),
                                1),
                        new DeadLetters("engine"));
        Runtime.getRuntime().addShutdownHook(new Thread(engine::close));
        System.out.println(STARTED);
        System.in.transferTo(OutputStream.nullOutputStream());
        System.exit(0);
    }

    /** What {@link #main} takes. */
    static List<String> arguments(
            TestStack stack, Guarantee guarantee, String instance, Path stateDir) {
        return List.of(
                stack.bootstrapServers(),
                stack.topics().prefix(),
                guarantee.name(),
                instance,
                stateDir.toString());
    }
}
