package dev.outrun.worker;

import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.work.Task;
import dev.outrun.worker.TaskDesk.Answer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.ShareConsumer;
import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes tasks from one topic, as a member of its share group, on a thread of its own. */
final class ShareGroupMember implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ShareGroupMember.class);

    private static final Duration POLL_WAIT = Duration.ofSeconds(1);
    private static final Duration CLOSE_MAX = Duration.ofSeconds(10);
    private static final Duration CONSUMER_CLOSE_MAX = Duration.ofSeconds(3);

    /**
     * How long tasks are left to other workers where this one cannot take them: a task that is
     * given back comes again at once, and only a few times.
     */
    private static final Duration PAUSE = Duration.ofMillis(500);

    private final ShareConsumer<byte[], byte[]> consumer;
    private final TaskDesk desk;
    private final TaskForwarder forwarder;
    private final Thread thread;
    private final CountDownLatch closing = new CountDownLatch(1);
    private volatile Optional<String> problem = Optional.empty();

    private ShareGroupMember(
            String name,
            ShareConsumer<byte[], byte[]> consumer,
            TaskDesk desk,
            TaskForwarder forwarder) {
        this.consumer = consumer;
        this.desk = desk;
        this.forwarder = forwarder;
        this.thread = Thread.ofPlatform().name(name).daemon().unstarted(this::run);
    }

    /** Starts with a consumer that is subscribed, which it closes. */
    static ShareGroupMember start(
            String name,
            ShareConsumer<byte[], byte[]> consumer,
            TaskDesk desk,
            TaskForwarder forwarder) {
        consumer.setAcknowledgementCommitCallback(ShareGroupMember::acknowledged);
        ShareGroupMember member = new ShareGroupMember(name, consumer, desk, forwarder);
        member.thread.start();
        return member;
    }

    /** Why no tasks come; empty while all is well. */
    Optional<String> problem() {
        return problem;
    }

    /** Begins to end, and does not wait for it. */
    void end() {
        closing.countDown();
        consumer.wakeup();
    }

    @Override
    public void close() {
        end();
        try {
            if (!thread.join(CLOSE_MAX)) {
                log.warn("tasks still wait for the ledger thread={}", thread.getName());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            while (closing.getCount() > 0) {
                if (desk.awaitPlace(POLL_WAIT)) {
                    pollAndOffer();
                }
            }
        } catch (WakeupException e) {
            // close() wakes the poll.
        } catch (InterruptedException e) {
            // Nobody interrupts this thread but to end it.
            problem = Optional.of("tasks interrupted");
        } catch (RuntimeException e) {
            problem = Optional.of("no tasks: " + e.getClass().getSimpleName());
            log.error("tasks not taken any more", e);
        } finally {
            // What is not acknowledged goes to other workers at once.
            consumer.close(CONSUMER_CLOSE_MAX);
        }
    }

    private void pollAndOffer() throws InterruptedException {
        try {
            ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL_WAIT);
            problem = Optional.empty();
            Set<Answer> answers = offer(records);
            if (answers.contains(Answer.UNAVAILABLE)) {
                problem = Optional.of("the ledger does not answer");
            }
            if (answers.contains(Answer.UNAVAILABLE) || answers.contains(Answer.NOT_HERE)) {
                pause();
            }
        } catch (RetriableException e) {
            problem = Optional.of("tasks wait for Kafka");
            log.warn("tasks wait for Kafka error={}", e.toString());
            pause();
        }
    }

    private void pause() throws InterruptedException {
        if (closing.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS)) {
            log.debug("closed while it paused");
        }
    }

    private record Offer(
            ConsumerRecord<byte[], byte[]> record, FutureTask<Optional<Answer>> answer) {}

    /** Offers all at the same time; what was answered. */
    private Set<Answer> offer(ConsumerRecords<byte[], byte[]> records) throws InterruptedException {
        List<Offer> offers = new ArrayList<>(records.count());
        for (ConsumerRecord<byte[], byte[]> record : records) {
            FutureTask<Optional<Answer>> answer = new FutureTask<>(() -> offer(record));
            offers.add(new Offer(record, answer));
            Thread.ofVirtual().name("claim-" + record.offset()).start(answer);
        }
        Set<Answer> answers = EnumSet.noneOf(Answer.class);
        for (Offer offer : offers) {
            Optional<Answer> answer = await(offer);
            consumer.acknowledge(offer.record(), acknowledgement(answer));
            answer.ifPresent(answers::add);
        }
        if (!offers.isEmpty()) {
            consumer.commitAsync();
        }
        return answers;
    }

    /** What became of it; empty for what is no task. */
    private Optional<Answer> offer(ConsumerRecord<byte[], byte[]> record)
            throws InterruptedException {
        try {
            Task task = WireJson.read(record.value(), Task.class);
            Answer answer = desk.offer(task);
            boolean stays = answer == Answer.NO_HANDLER && !forwarder.forward(task);
            return Optional.of(stays ? Answer.NOT_HERE : answer);
        } catch (IllegalArgumentException | OutrunException e) {
            log.error("no task {}", place(record), e);
            return Optional.empty();
        }
    }

    private static Optional<Answer> await(Offer offer) throws InterruptedException {
        try {
            return offer.answer().get();
        } catch (ExecutionException e) {
            // A bug of ours: the task is left to others, and to a later delivery.
            log.error("task not offered {}", place(offer.record()), e.getCause());
            return Optional.of(Answer.UNAVAILABLE);
        }
    }

    private static AcknowledgeType acknowledgement(Optional<Answer> answer) {
        return answer.map(given ->
                        switch (given) {
                            case TAKEN, REFUSED, NO_HANDLER -> AcknowledgeType.ACCEPT;
                            case NOT_HERE, UNAVAILABLE -> AcknowledgeType.RELEASE;
                        })
                .orElse(AcknowledgeType.REJECT);
    }

    private static void acknowledged(
            Map<TopicIdPartition, Set<Long>> offsets, @Nullable Exception failure) {
        if (failure != null) {
            // They come again, here or elsewhere, and their claims are refused.
            log.warn("tasks not acknowledged offsets={} error={}", offsets, failure.toString());
        }
    }

    private static String place(ConsumerRecord<?, ?> record) {
        return "topic="
                + record.topic()
                + " partition="
                + record.partition()
                + " offset="
                + record.offset();
    }
}
