package dev.outrun.worker.sample;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outrun.schema.event.Event;
import dev.outrun.worker.Input;
import dev.outrun.worker.NonRetryableException;
import dev.outrun.worker.RunContext;
import dev.outrun.worker.RunHandler;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Streams a text token by token, as a language model would. Input, every field optional: {@code
 * {"rate": tokens a second, 0 for as fast as possible, "prompt": any text, "tokens": at most so
 * many}}. A later attempt goes on after the tokens its run's log already has.
 */
final class ChatDemo implements RunHandler {

    static final String TOKEN = "token.delta";

    private static final double RATE_DEFAULT = 40;
    private static final double RATE_MAX = 1_000_000;

    private final Pace pace;
    private final List<String> text = DemoText.tokens();

    ChatDemo(Pace pace) {
        this.pace = pace;
    }

    private record Delta(String text) {}

    private record Answer(int tokens, String text) {}

    @Override
    public Object run(RunContext run, Input input) throws InterruptedException {
        double rate = rate(input);
        List<String> tokens = text.subList(0, tokens(input));
        checkPrompt(input);
        long start = pace.nanoTime();
        int said = said(run);
        for (int n = said; n < tokens.size(); n++) {
            if (rate > 0) {
                pace.waitUntil(start + (long) ((n - said) * TimeUnit.SECONDS.toNanos(1) / rate));
            }
            run.emit(TOKEN, new Delta(tokens.get(n)));
        }
        return new Answer(tokens.size(), String.join("", tokens));
    }

    private static int said(RunContext run) {
        int said = 0;
        for (Event event : run.history()) {
            if (event.type().equals(TOKEN)) {
                said++;
            }
        }
        return said;
    }

    private static double rate(Input input) {
        JsonNode rate = field(input, "rate");
        if (rate.isMissingNode()) {
            return RATE_DEFAULT;
        }
        if (!rate.isNumber() || !(rate.asDouble() >= 0) || rate.asDouble() > RATE_MAX) {
            throw invalid("rate must be a number from 0 to 1000000");
        }
        return rate.asDouble();
    }

    private int tokens(Input input) {
        JsonNode tokens = field(input, "tokens");
        if (tokens.isMissingNode()) {
            return text.size();
        }
        if (!tokens.isIntegralNumber() || tokens.asDouble() < 1) {
            throw invalid("tokens must be a whole number from 1");
        }
        return (int) Math.min(tokens.asDouble(), text.size());
    }

    private static void checkPrompt(Input input) {
        JsonNode prompt = field(input, "prompt");
        if (!prompt.isMissingNode() && !prompt.isTextual()) {
            throw invalid("prompt must be a text");
        }
    }

    private static JsonNode field(Input input, String name) {
        JsonNode all = input.tree();
        if (!all.isObject() && !all.isNull()) {
            throw invalid("the input must be an object");
        }
        return all.path(name);
    }

    private static NonRetryableException invalid(String message) {
        return new NonRetryableException(Input.INVALID, message);
    }
}
