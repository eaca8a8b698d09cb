package dev.outrun.ledger;

import static dev.outrun.ledger.jooq.Tables.QUEUE;
import static dev.outrun.ledger.jooq.Tables.QUEUE_COUNTS;

import dev.outrun.schema.queue.QueueSettings;
import dev.outrun.schema.queue.QueueSettings.Mode;
import dev.outrun.schema.queue.QueueSettings.Order;
import dev.outrun.schema.queue.QueueSettings.Rate;
import dev.outrun.schema.queue.QueueSettings.RunTopics;
import dev.outrun.schema.run.RunStatus;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jooq.Configuration;
import org.jooq.Record;
import org.jspecify.annotations.Nullable;

/**
 * The queues of which something was said or that have open runs, by name.
 *
 * @param only this queue, whether or not there is anything to tell; null is all
 */
record SelectQueues(@Nullable String only) {

    List<QueueState> from(Configuration jooq) {
        Map<String, QueueSettings> settings = new TreeMap<>();
        Map<String, Map<RunStatus, Long>> runs = new TreeMap<>();
        if (only != null) {
            settings.put(only, QueueSettings.of(only));
        }
        for (Record row : jooq.dsl().selectFrom(QUEUE_COUNTS.call(only))) {
            String name = row.get(QUEUE_COUNTS.NAME);
            settings.put(name, QueueSettings.of(name));
            runs.computeIfAbsent(name, any -> new EnumMap<>(RunStatus.class))
                    .put(RunStatus.of(row.get(QUEUE_COUNTS.STATUS)), row.get(QUEUE_COUNTS.RUNS));
        }
        jooq.dsl()
                .selectFrom(QUEUE)
                .where(only == null ? QUEUE.NAME.isNotNull() : QUEUE.NAME.eq(only))
                .forEach(row -> settings.put(row.getName(), settings(row)));
        return settings.values().stream()
                .map(each -> new QueueState(each, runs.getOrDefault(each.queue(), Map.of())))
                .toList();
    }

    private static QueueSettings settings(dev.outrun.ledger.jooq.tables.records.QueueRecord row) {
        Integer limit = row.getRateLimit();
        Integer perMs = row.getRatePerMs();
        return new QueueSettings(
                row.getName(),
                Mode.valueOf(row.getMode().toUpperCase(Locale.ROOT)),
                Order.valueOf(row.getOrdering().toUpperCase(Locale.ROOT)),
                row.getWidth(),
                row.getConcurrency(),
                row.getConcurrencyPerKey(),
                limit == null || perMs == null ? null : new Rate(limit, perMs),
                RunTopics.valueOf(row.getRunTopics().toUpperCase(Locale.ROOT)));
    }
}
