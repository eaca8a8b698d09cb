package dev.outrun.connector.publish;

import java.util.LinkedHashMap;
import java.util.Map;

/** A map of the entries used last: the one used longest ago falls out. */
final class LastUsed<K, V> extends LinkedHashMap<K, V> {

    private static final long serialVersionUID = 1L;

    private final int max;

    LastUsed(int max) {
        super(16, 0.75f, true);
        this.max = max;
    }

    @Override
    protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
        return size() > max;
    }
}
