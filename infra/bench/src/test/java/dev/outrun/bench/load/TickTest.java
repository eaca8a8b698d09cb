package dev.outrun.bench.load;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class TickTest {

    private static final long DUE = 1_780_000_000_000_000L;

    private final Tick tick = new Tick(300);

    @Test
    void data_hasItsSize_andSaysWhenItWasDue() {
        String data = tick.data(DUE);
        assertEquals(300, data.length());
        assertEquals(DUE, due(data));
    }

    @Test
    void append_ofSeveral_saysItToo() {
        String append = tick.append(DUE, 3);
        assertEquals(3, append.split("tick", -1).length - 1);
        assertEquals(DUE, due(append));
    }

    @Test
    void jsonbWritesASpace() {
        assertEquals(DUE, due("{\"due\": " + DUE + ", \"text\": \"\"}"));
    }

    @Test
    void anythingElse_isNoTick() {
        assertEquals(-1, due("{\"input\":1}"));
        assertEquals(-1, due(""));
        assertEquals(-1, due("\"du"));
    }

    @Test
    void onlyTheStretch_isLookedAt() {
        byte[] bytes = tick.data(DUE).getBytes(StandardCharsets.US_ASCII);
        assertEquals(-1, Tick.due(bytes, 2, bytes.length));
        assertEquals(1, Tick.due(bytes, 0, "{\"due\":1".length()));
    }

    private static long due(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        return Tick.due(bytes, 0, bytes.length);
    }
}
