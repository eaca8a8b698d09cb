package dev.outrun.worker;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.json.WireJson;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
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
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.consumer.ShareConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tasks from Kafka: one member of the workers' share group. A record is held only until its claim
 * is decided, never while its run runs; records are fetched only while the worker has a free place.
 * A task whose handler the worker does not have goes on to that handler's own topic.
 */
public final class ShareGroupTasks implements TaskSource {

    private static final Logger log = LoggerFactory.getLogger(ShareGroupTasks.class);

    private static final Duration POLL_WAIT = Duration.ofSeconds(1);
    private static final Duration CLOSE_MAX = Duration.ofSeconds(10);
    private static final Duration CONSUMER_CLOSE_MAX = Duration.ofSeconds(3);

    /**
     * How long tasks are left to other workers where this one cannot take them: a task that is
     * given back comes again at once, and only a few times.
     */
    private static final Duration PAUSE = Duration.ofMillis(500);

    private final KafkaAddress kafka;
    private final Topics topics;
    private final WorkerConfig worker;
    private final TaskForwarder forwarder;
    private final CountDownLatch closing = new CountDownLatch(1);
    private volatile @Nullable Session session;
    private volatile Optional<String> problem = Optional.of("tasks not started");

    /** The tasks of one worker; nothing is taken before they are started. */
    public ShareGroupTasks(KafkaAddress kafka, Topics topics, WorkerConfig worker) {
        this.kafka = kafka;
        this.topics = topics;
        this.worker = worker;
        this.forwarder = new TaskForwarder(kafka, topics, worker.name());
    }

    private record Session(ShareConsumer<byte[], byte[]> consumer, TaskDesk desk, Thread thread) {}

    @Override
    public void start(TaskDesk desk) {
        try {
            ShareGroup.prepare(kafka, topics, desk.handlers());
        } catch (KafkaException e) {
            throw new OutrunException(ErrorCode.UNAVAILABLE, "Kafka does not answer", e);
        }
        ShareConsumer<byte[], byte[]> consumer =
                new KafkaShareConsumer<>(
                        kafka.client(ShareGroup.consumer(topics, worker)),
                        new ByteArrayDeserializer(),
                        new ByteArrayDeserializer());
        consumer.setAcknowledgementCommitCallback(ShareGroupTasks::acknowledged);
        consumer.subscribe(
                Stream.concat(
                                Stream.of(topics.tasks()),
                                desk.handlers().stream().map(topics::tasks))
                        .toList());
        problem = Optional.empty();
        Thread thread =
                Thread.ofPlatform()
                        .name("tasks-" + worker.name())
                        .daemon()
                        .unstarted(() -> run(consumer, desk));
        session = new Session(consumer, desk, thread);
        thread.start();
    }

    @Override
    public Optional<String> problem() {
        return problem;
    }

    @Override
    public void close() {
        closing.countDown();
        Session open = session;
        if (open == null) {
            return;
        }
        open.consumer().wakeup();
        try {
            if (!open.thread().join(CLOSE_MAX)) {
                log.warn("tasks still wait for the ledger thread={}", open.thread().getName());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run(ShareConsumer<byte[], byte[]> consumer, TaskDesk desk) {
        try {
            while (closing.getCount() > 0) {
                if (desk.awaitPlace(POLL_WAIT)) {
                    pollAndOffer(consumer, desk);
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
            forwarder.close();
        }
    }

    private void pollAndOffer(ShareConsumer<byte[], byte[]> consumer, TaskDesk desk)
            throws InterruptedException {
        try {
            ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL_WAIT);
            problem = Optional.empty();
            Set<Answer> answers = offer(records, consumer, desk);
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
    private Set<Answer> offer(
            ConsumerRecords<byte[], byte[]> records,
            ShareConsumer<byte[], byte[]> consumer,
            TaskDesk desk)
            throws InterruptedException {
        List<Offer> offers = new ArrayList<>(records.count());
        for (ConsumerRecord<byte[], byte[]> record : records) {
            FutureTask<Optional<Answer>> answer = new FutureTask<>(() -> offer(record, desk));
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
    private Optional<Answer> offer(ConsumerRecord<byte[], byte[]> record, TaskDesk desk)
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
