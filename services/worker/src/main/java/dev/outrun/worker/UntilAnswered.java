package dev.outrun.worker;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the ledger again and again until it says yes or no. For what must be said, since the engine
 * waits for it as long as this worker shows that it lives, and may be said twice.
 */
final class UntilAnswered {

    private static final Logger log = LoggerFactory.getLogger(UntilAnswered.class);

    private static final Duration WAIT_MAX = Duration.ofSeconds(5);

    private final Duration firstWait;
    private final CountDownLatch givenUp;

    /** Gives up once the latch is open. */
    UntilAnswered(Duration firstWait, CountDownLatch givenUp) {
        this.firstWait = firstWait;
        this.givenUp = givenUp;
    }

    /**
     * The answer; empty when it gave up.
     *
     * @param about what it is about, for the log
     * @throws OutrunException the ledger's no: a code of the caller's kind
     */
    <T> Optional<T> ask(Object about, Supplier<T> question) throws InterruptedException {
        Duration wait = firstWait;
        while (true) {
            try {
                return Optional.of(question.get());
            } catch (OutrunException e) {
                if (e.code().kind() == ErrorCode.Kind.USER) {
                    throw e;
                }
                log.warn("ledger is asked again {} code={} in={}", about, e.code(), wait);
            }
            if (givenUp.await(wait.toMillis(), TimeUnit.MILLISECONDS)) {
                log.warn("ledger has not answered {}", about);
                return Optional.empty();
            }
            wait = wait.multipliedBy(2).compareTo(WAIT_MAX) < 0 ? wait.multipliedBy(2) : WAIT_MAX;
        }
    }
}
