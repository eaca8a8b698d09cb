package dev.outrun.bench;

import dev.outrun.bench.figure.Rates;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.kafka.common.utils.AppInfoParser;

/** What a bench runs on, and how fast that is at this moment. */
final class Machine {

    private static final int TRIES = 5;
    private static final int STEPS = 50_000_000;

    private Machine() {}

    static Map<String, Object> facts() {
        Map<String, Object> machine = new LinkedHashMap<>();
        machine.put("cores", Runtime.getRuntime().availableProcessors());
        machine.put("core_speed", Math.round(coreSpeed()));
        machine.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        machine.put("java", System.getProperty("java.vm.version"));
        machine.put("heap_mb", Runtime.getRuntime().maxMemory() >> 20);
        machine.put("kafka", AppInfoParser.getVersion());
        machine.put("load", ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
        return machine;
    }

    /**
     * Steps of a xorshift generator that one core makes, in millions a second: the best of a few
     * tries. A shared machine has more of it on one day than on another.
     */
    private static double coreSpeed() {
        double best = 0;
        for (int n = 0; n < TRIES; n++) {
            long begin = System.nanoTime();
            long state = step(1, STEPS);
            long nanos = System.nanoTime() - begin;
            if (state != 0) { // it never is: the steps are not to be left out
                best = Math.max(best, Rates.perSecond(STEPS, nanos) / 1_000_000);
            }
        }
        return best;
    }

    private static long step(long state, int steps) {
        for (int n = 0; n < steps; n++) {
            state ^= state << 13;
            state ^= state >>> 7;
            state ^= state << 17;
        }
        return state;
    }
}
