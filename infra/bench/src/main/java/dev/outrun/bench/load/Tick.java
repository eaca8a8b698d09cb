package dev.outrun.bench.load;

import dev.outrun.bench.figure.Micros;
import java.nio.charset.StandardCharsets;

/** The events of a load: their data says when they were due, and has a size. */
public final class Tick {

    public static final String TYPE = "tick";

    /** What is before the time. */
    public static final String DUE = "\"due\":";

    private static final byte[] DUE_BYTES = DUE.getBytes(StandardCharsets.US_ASCII);
    private static final String DATA = "{" + DUE + "%d,\"text\":\"%s\"}";

    private final String text;

    /**
     * Ticks of this size.
     *
     * @param bytes of an event's data, as JSON; at the least what a time needs
     */
    public Tick(int bytes) {
        int without = DATA.formatted(Micros.now(), "").length();
        this.text = "x".repeat(Math.max(0, bytes - without));
    }

    /** One event's data. */
    public String data(long due) {
        return DATA.formatted(due, text);
    }

    /** One event, as an append takes it. */
    public String one(long due) {
        return append(due, 1);
    }

    /** So many events that were due at the same time, as an append takes them. */
    public String append(long due, int events) {
        String event = "{\"type\":\"" + TYPE + "\",\"data\":" + data(due) + "}";
        return "[" + (event + ",").repeat(events - 1) + event + "]";
    }

    /** When what is in these bytes was due; negative where it is no tick. */
    public static long due(byte[] bytes, int from, int to) {
        for (int at = from; at <= to - DUE_BYTES.length; at++) {
            if (isDue(bytes, at)) {
                return number(bytes, at + DUE_BYTES.length, to);
            }
        }
        return -1;
    }

    private static boolean isDue(byte[] bytes, int at) {
        for (int n = 0; n < DUE_BYTES.length; n++) {
            if (bytes[at + n] != DUE_BYTES[n]) {
                return false;
            }
        }
        return true;
    }

    private static long number(byte[] bytes, int from, int to) {
        long number = 0;
        int begin = from < to && bytes[from] == ' ' ? from + 1 : from; // as jsonb writes it
        for (int at = begin; at < to && bytes[at] >= '0' && bytes[at] <= '9'; at++) {
            number = number * 10 + bytes[at] - '0';
        }
        return number;
    }
}
