package dev.outrun.worker;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.consumer.ShareConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Tasks from Kafka: a member of the share group that has all tasks, and of one for each of the
 * worker's handlers. A record is held only until its claim is decided, never while its run runs;
 * records are fetched only while the worker has a free place. A task whose handler the worker does
 * not have goes on to that handler's own topic.
 */
public final class ShareGroupTasks implements TaskSource {

    private final KafkaAddress kafka;
    private final Topics topics;
    private final WorkerConfig worker;
    private final TaskForwarder forwarder;
    private final List<ShareGroupMember> members = new CopyOnWriteArrayList<>();
    private volatile boolean started;

    /** The tasks of one worker; nothing is taken before they are started. */
    public ShareGroupTasks(KafkaAddress kafka, Topics topics, WorkerConfig worker) {
        this.kafka = kafka;
        this.topics = topics;
        this.worker = worker;
        this.forwarder = new TaskForwarder(kafka, topics, worker.name());
    }

    @Override
    public void start(TaskDesk desk) {
        List<ShareGroup> groups = ShareGroup.of(topics, desk.handlers());
        try {
            ShareGroup.prepare(kafka, topics, desk.handlers(), groups);
        } catch (KafkaException e) {
            throw new OutrunException(ErrorCode.UNAVAILABLE, "Kafka does not answer", e);
        }
        for (ShareGroup group : groups) {
            ShareConsumer<byte[], byte[]> consumer =
                    new KafkaShareConsumer<>(
                            kafka.client(group.consumer(worker)),
                            new ByteArrayDeserializer(),
                            new ByteArrayDeserializer());
            consumer.subscribe(List.of(group.topic()));
            String name = "tasks-" + worker.name() + "-" + group.topic();
            members.add(ShareGroupMember.start(name, consumer, desk, forwarder));
        }
        started = true;
    }

    @Override
    public Optional<String> problem() {
        return started
                ? members.stream()
                        .map(ShareGroupMember::problem)
                        .flatMap(Optional::stream)
                        .findFirst()
                : Optional.of("tasks not started");
    }

    @Override
    public void close() {
        members.forEach(ShareGroupMember::end);
        members.forEach(ShareGroupMember::close);
        forwarder.close();
    }
}
