package dev.outrun.testkit;

import dev.outrun.server.OutrunConfig;
import dev.outrun.teststack.TestStack;
import dev.outrun.teststack.TestStackExtension;
import dev.outrun.worker.RunHandler;
import dev.outrun.worker.sample.SampleHandlers;
import java.util.HashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives a test method an Outrun of its own as a {@link TestOutrun} parameter: connector, engine,
 * worker and API over a fresh database, topic prefix and slot, on the one Postgres and broker of
 * the JVM. It is stopped after the test. Tests may run in parallel.
 *
 * <pre>{@code
 * @RegisterExtension
 * static final OutrunExtension OUTRUN = OutrunExtension.with(Map.of("greet", (run, input) -> {
 *     run.emit("greeting", "hello");
 *     return null;
 * }));
 *
 * @Test
 * void greet_emitsAGreeting(TestOutrun outrun) {
 *     RunId run = outrun.start("greet", "null");
 *     List<Event> log = outrun.awaitEnd(run);
 *     assertEquals("greeting", log.get(2).type());
 * }
 * }</pre>
 */
public final class OutrunExtension implements ParameterResolver {

    private static final Namespace NAMESPACE = Namespace.create(OutrunExtension.class);

    private final TestStackExtension stacks = new TestStackExtension();
    private final Map<String, RunHandler> handlers;
    private final UnaryOperator<OutrunConfig> change;

    /** With the sample handlers only. */
    public OutrunExtension() {
        this(SampleHandlers.all(), UnaryOperator.identity());
    }

    private OutrunExtension(Map<String, RunHandler> handlers, UnaryOperator<OutrunConfig> change) {
        this.handlers = handlers;
        this.change = change;
    }

    /** With these handlers beside the sample ones. */
    public static OutrunExtension with(Map<String, RunHandler> handlers) {
        Map<String, RunHandler> all = new HashMap<>(SampleHandlers.all());
        all.putAll(handlers);
        return new OutrunExtension(Map.copyOf(all), UnaryOperator.identity());
    }

    /** The same with other settings. */
    public OutrunExtension configured(UnaryOperator<OutrunConfig> other) {
        return new OutrunExtension(handlers, other);
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext test) {
        return parameter.getParameter().getType() == TestOutrun.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext test) {
        TestStack stack = stacks.resolveParameter(parameter, test);
        return test.getStore(NAMESPACE)
                .computeIfAbsent(
                        "outrun", _ -> TestOutrun.start(stack, handlers, change), TestOutrun.class);
    }
}
