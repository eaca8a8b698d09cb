package dev.outrun.connector.topic;

import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Questions about topics that are known to exist but may be new. The controller has them; a broker
 * may hear of one a moment later, and until then answers that there is no such topic.
 */
final class FreshTopics {

    /** Ten seconds in all. */
    private static final int LOOKS_MAX = 500;

    private static final Duration LOOK_AGAIN = Duration.ofMillis(20);

    private FreshTopics() {}

    /**
     * The answer, once the brokers know the topics.
     *
     * @throws ExecutionException as the question's own, also if they never hear of them
     */
    static <T> T ask(Supplier<KafkaFuture<T>> question)
            throws InterruptedException, ExecutionException {
        for (int looks = 1; ; looks++) {
            try {
                return question.get().get();
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof UnknownTopicOrPartitionException)
                        || looks == LOOKS_MAX) {
                    throw e;
                }
                Thread.sleep(LOOK_AGAIN);
            }
        }
    }
}
