package dev.outrun.api;

import dev.outrun.ledger.Ledger;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which queues' runs have no topics, as the ledger said a moment ago: an id with its topic is taken
 * before the ledger decides. Where it decides otherwise nothing is lost: a topic that is not used
 * is deleted, and one that is missing is made.
 */
final class TopiclessQueues {

    private static final Duration MOMENT = Duration.ofSeconds(1);

    /** Names come from outside: beyond it all are forgotten. */
    private static final int KNOWN_MAX = 10_000;

    private final Ledger ledger;
    private final InstantSource clock;
    private final Map<String, Said> said = new ConcurrentHashMap<>();

    private record Said(boolean topicless, Instant at) {}

    TopiclessQueues(Ledger ledger, InstantSource clock) {
        this.ledger = ledger;
        this.clock = clock;
    }

    boolean has(String queue) {
        Instant now = clock.instant();
        Said before = said.get(queue);
        if (before != null && now.isBefore(before.at().plus(MOMENT))) {
            return before.topicless();
        }
        boolean topicless = ledger.isTopicless(queue);
        if (said.size() >= KNOWN_MAX) {
            said.clear();
        }
        said.put(queue, new Said(topicless, now));
        return topicless;
    }
}
