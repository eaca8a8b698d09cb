package dev.outrun.connector.publish;

import dev.outrun.schema.run.RunId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;
import org.apache.kafka.clients.producer.Producer;

/**
 * A run lane's producers. For the lane's thread, where nothing else is said.
 *
 * <p>A producer never forgets a topic, and looks through all of its topics at each request. So each
 * has a generation of them: those of the runs that were met one after the other, until there are so
 * many. Most runs are over soon after. When another generation begins, the producer of one that is
 * hardly used any more is closed, and the few runs left go on with the new one; where many are
 * left, it stays.
 *
 * <p>A generation takes as many topics as the elder ones have in use, if that is more. So runs that
 * stay in use, however many, have few producers.
 *
 * <p>Since each request costs a look at every topic that is known, requests are to be fewer the
 * more topics there are: {@link #rest}.
 */
final class RunProducers {

    /** One part in so many of a generation's runs in use is hardly any. */
    private static final int HARDLY = 4;

    /** Some hundred times what a request's look at one takes. */
    private static final Duration REST_PER_TOPIC = Duration.ofNanos(40_000);

    private static final Duration REST_MAX = Duration.ofMillis(20);

    private final IntFunction<Producer<byte[], byte[]>> maker;
    private final int topicsMin;
    private final Duration restMin;
    private volatile List<Generation> generations;
    private volatile boolean closed;
    private int made;

    /** A producer, and which of its runs are in use. */
    private static final class Generation {
        private final int number;
        private final int room;
        private final Producer<byte[], byte[]> producer;
        private final Set<RunId> used = new HashSet<>();
        private int topics;

        private Generation(int number, int room, Producer<byte[], byte[]> producer) {
            this.number = number;
            this.room = room;
            this.producer = producer;
        }

        private boolean isHardlyUsed() {
            return used.size() * HARDLY <= topics;
        }
    }

    /**
     * With the first one.
     *
     * @param maker makes the first, second, third one
     * @param topicsMin of a generation
     * @param restMin between two bursts
     */
    RunProducers(IntFunction<Producer<byte[], byte[]>> maker, int topicsMin, Duration restMin) {
        this.maker = maker;
        this.topicsMin = topicsMin;
        this.restMin = restMin;
        this.generations = List.of(make(topicsMin));
    }

    /** What sends this run's next record. Another one than before only if all is acknowledged. */
    Producer<byte[], byte[]> of(ExpectedSeqs.Entry entry) {
        Generation own = generations.getLast();
        for (Generation elder : generations) {
            if (elder.number == entry.generation) {
                own = elder;
            }
        }
        if (entry.generation != own.number) {
            entry.generation = own.number;
            own.topics++;
        }
        own.used.add(entry.run);
        return own.producer;
    }

    /**
     * Has the latest one learn of topics that it is about to write to, all of them together: else
     * each first record waits for its own topic alone, and holds up those behind it.
     *
     * @return those that brokers have not heard of by now
     */
    Set<String> learn(Set<String> topics) throws InterruptedException {
        Producer<byte[], byte[]> latest = generations.getLast().producer;
        List<Callable<String>> questions = new ArrayList<>(topics.size());
        for (String topic : topics) {
            questions.add(() -> {
                latest.partitionsFor(topic);
                return topic;
            });
        }
        Set<String> unknown = new HashSet<>(topics);
        try (ExecutorService all = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<String> answer : all.invokeAll(questions)) {
                if (answer.state() == Future.State.SUCCESS) {
                    unknown.remove(answer.resultNow());
                }
            }
        }
        return unknown;
    }

    /** How long to let records gather before the next ones are sent. */
    Duration rest() {
        int topics = generations.stream().mapToInt(generation -> generation.topics).sum();
        Duration wanted = REST_PER_TOPIC.multipliedBy(topics);
        Duration most = wanted.compareTo(REST_MAX) < 0 ? wanted : REST_MAX;
        return most.compareTo(restMin) < 0 ? restMin : most;
    }

    /** Whether it is time for another generation. */
    boolean isFull() {
        Generation last = generations.getLast();
        return last.topics >= last.room;
    }

    /** Begins another generation. All that was sent has been acknowledged. */
    void next() {
        List<Generation> kept = new ArrayList<>();
        int used = 0;
        for (Generation elder : generations.subList(0, generations.size() - 1)) {
            if (elder.isHardlyUsed()) {
                elder.producer.close();
            } else {
                kept.add(elder);
                used += elder.used.size();
            }
        }
        kept.add(generations.getLast());
        kept.forEach(generation -> generation.used.clear());
        kept.add(make(Math.max(topicsMin, used)));
        set(kept);
    }

    /** Begins anew, without the others. All that was sent has been acknowledged. */
    void renew() {
        generations.forEach(elder -> elder.producer.close());
        set(List.of(make(topicsMin)));
    }

    /** Waits until all that was sent is acknowledged, as long as it takes. Any thread. */
    void flush() {
        generations.forEach(generation -> generation.producer.flush());
    }

    /** Any thread. */
    boolean isClosed() {
        return closed;
    }

    /** Waits for what is in flight, up to the limit. Any thread. */
    void close(Duration limit) {
        List<Generation> closing;
        synchronized (this) {
            closed = true;
            closing = generations;
        }
        try (ExecutorService all = Executors.newVirtualThreadPerTaskExecutor()) {
            closing.forEach(generation -> all.execute(() -> generation.producer.close(limit)));
        }
    }

    private Generation make(int room) {
        made++;
        return new Generation(made, room, maker.apply(made));
    }

    private void set(List<Generation> next) {
        synchronized (this) {
            generations = next;
            if (!closed) {
                return;
            }
        }
        close(Duration.ZERO);
    }
}
