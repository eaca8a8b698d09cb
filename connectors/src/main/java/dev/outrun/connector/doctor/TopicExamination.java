package dev.outrun.connector.doctor;

import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.config.ConfigResource;

/** The platform's topics, as they are and as they should be. */
final class TopicExamination {

    private static final int REPLICAS_FOR_SAFETY = 3;

    private final Admin admin;
    private final int brokers;
    private final Findings findings;

    TopicExamination(Admin admin, int brokers, Findings findings) {
        this.admin = admin;
        this.brokers = brokers;
        this.findings = findings;
    }

    /** Examines those of the wanted ones that were found. */
    void run(List<NewTopic> wanted, Set<String> found, OptionalInt shards)
            throws InterruptedException, ExecutionException, TimeoutException {
        Map<String, TopicDescription> topics =
                KafkaExamination.answer(
                        admin.describeTopics(
                                        found,
                                        new DescribeTopicsOptions()
                                                .includeAuthorizedOperations(true))
                                .allTopicNames());
        Map<ConfigResource, Config> configs =
                KafkaExamination.answer(
                        admin.describeConfigs(
                                        found.stream().map(TopicExamination::resource).toList())
                                .all());
        for (NewTopic topic : wanted) {
            TopicDescription description = topics.get(topic.name());
            Config config = configs.get(resource(topic.name()));
            if (description != null && config != null) {
                examine(topic, description, config, shards);
            }
        }
    }

    private void examine(
            NewTopic wanted, TopicDescription found, Config config, OptionalInt shards) {
        String check = "kafka.topic." + wanted.name();
        int partitions = found.partitions().size();
        Set<AclOperation> denied =
                EnumSet.of(AclOperation.READ, AclOperation.WRITE, AclOperation.DESCRIBE);
        Collection<AclOperation> allowed = found.authorizedOperations();
        denied.removeAll(allowed == null ? denied : allowed);
        String different = different(wanted, config);
        if (shards.isPresent() && partitions != wanted.numPartitions()) {
            findings.fail(
                    check,
                    "%d partitions, not %d".formatted(partitions, wanted.numPartitions()),
                    "the number of shards is fixed: make the topic anew, with a new prefix");
        } else if (!denied.isEmpty()) {
            findings.fail(check, "the ACL lacks " + denied, "allow it for the connector's user");
        } else if (!different.isEmpty()) {
            findings.warn(check, different, "kafka-configs.sh --alter sets what Outrun relies on");
        } else {
            replication(check, found, config);
        }
    }

    /** What of the config is not as it was made. */
    private static String different(NewTopic wanted, Config found) {
        List<String> different = new ArrayList<>();
        wanted.configs()
                .forEach((name, value) -> {
                    String now = KafkaExamination.value(found, name);
                    if (!value.equals(now)) {
                        different.add("%s is %s, not %s".formatted(name, now, value));
                    }
                });
        different.sort(null);
        return String.join(", ", different);
    }

    private void replication(String check, TopicDescription topic, Config config) {
        int replicas = Integer.MAX_VALUE;
        int inSync = Integer.MAX_VALUE;
        for (TopicPartitionInfo partition : topic.partitions()) {
            replicas = Math.min(replicas, partition.replicas().size());
            inSync = Math.min(inSync, partition.isr().size());
        }
        String minimum = KafkaExamination.value(config, "min.insync.replicas");
        int needed = minimum == null ? 1 : Integer.parseInt(minimum);
        String says =
                "%d partitions, %d of %d replicas in sync, %d needed"
                        .formatted(topic.partitions().size(), inSync, replicas, needed);
        if (inSync < needed) {
            findings.fail(check, says, "bring brokers back: nothing can be written");
        } else if (inSync < replicas) {
            findings.warn(check, says, "see why a broker is behind or away");
        } else if (replicas == 1 && brokers > 1) {
            findings.warn(
                    check, says, "reassign it with more replicas: it is lost with one broker");
        } else if (replicas >= REPLICAS_FOR_SAFETY && needed == 1) {
            findings.warn(
                    check,
                    says,
                    "set min.insync.replicas = 2: an acknowledged record may be on one broker only");
        } else {
            findings.ok(check, says);
        }
    }

    private static ConfigResource resource(String topic) {
        return new ConfigResource(ConfigResource.Type.TOPIC, topic);
    }
}
