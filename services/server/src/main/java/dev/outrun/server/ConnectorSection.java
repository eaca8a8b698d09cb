package dev.outrun.server;

import dev.outrun.connector.ConnectorConfig.SlotSettings;
import dev.outrun.connector.ConnectorConfig.SourceSettings;

/**
 * The connector.
 *
 * @param slot its replication slot, or what the names of its slots begin with; one connector works
 *     on each at a time
 * @param source where it gets changes from
 */
public record ConnectorSection(String slot, SourceSettings source, SlotSettings slotSettings) {

    public static final ConnectorSection DEFAULT = of(OutrunConfig.DEFAULT_SLOT);

    /** The usual one on this slot. */
    static ConnectorSection of(String slot) {
        return new ConnectorSection(slot, SourceSettings.DEFAULT, SlotSettings.DEFAULT);
    }

    /** The same, fed in another way. */
    ConnectorSection withSource(SourceSettings other) {
        return new ConnectorSection(slot, other, slotSettings);
    }
}
