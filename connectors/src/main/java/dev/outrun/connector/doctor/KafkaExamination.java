package dev.outrun.connector.doctor;

import dev.outrun.connector.topic.AdminClients;
import dev.outrun.connector.topic.PlatformTopics;
import dev.outrun.connector.topic.RunTopicLimits;
import dev.outrun.schema.topic.KafkaAddress;
import dev.outrun.schema.topic.Topics;
import java.time.Duration;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.DescribeClusterResult;
import org.apache.kafka.clients.admin.FeatureMetadata;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.config.ConfigResource;
import org.jspecify.annotations.Nullable;

/** What a connector needs of the brokers. */
final class KafkaExamination {

    private static final long ANSWER_SECONDS = 10;

    private static final int RUN_TOPICS_PER_BROKER = RunTopicLimits.DEFAULT.max();

    /** Workers take tasks by it. */
    private static final String SHARE_GROUPS = "share.version";

    private final Admin admin;
    private final Topics topics;
    private final Findings findings;

    private KafkaExamination(Admin admin, Topics topics, Findings findings) {
        this.admin = admin;
        this.topics = topics;
        this.findings = findings;
    }

    /** Examines them; how many shards there are may not be known. */
    static void run(KafkaAddress kafka, Topics topics, OptionalInt shards, Findings findings)
            throws InterruptedException {
        Admin admin = AdminClients.create(kafka, "outrun-doctor");
        try {
            KafkaExamination examination = new KafkaExamination(admin, topics, findings);
            Collection<Node> nodes = examination.cluster(kafka);
            examination.features();
            examination.brokers(nodes);
            Set<String> existing = answer(admin.listTopics().names());
            examination.runTopics(existing, nodes.size());
            List<NewTopic> wanted = PlatformTopics.all(topics, shards.orElse(0));
            Set<String> found = new HashSet<>(wanted.stream().map(NewTopic::name).toList());
            found.retainAll(existing);
            if (found.size() < wanted.size()) {
                findings.warn(
                        "kafka.topics",
                        "%d of %d platform topics are there".formatted(found.size(), wanted.size()),
                        "start ./outrun, which makes them");
            }
            new TopicExamination(admin, nodes.size(), findings).run(wanted, found, shards);
        } catch (KafkaException | ExecutionException | TimeoutException e) {
            Throwable cause = e instanceof ExecutionException ? e.getCause() : e;
            findings.fail(
                    "kafka",
                    kafka + " does not answer: " + cause,
                    "start it, or say where it is with --kafka");
        } finally {
            admin.close(Duration.ZERO); // or it would wait for an answer that nobody does
        }
    }

    static <T> T answer(KafkaFuture<T> question)
            throws InterruptedException, ExecutionException, TimeoutException {
        return question.get(ANSWER_SECONDS, TimeUnit.SECONDS);
    }

    private Collection<Node> cluster(KafkaAddress kafka)
            throws InterruptedException, ExecutionException, TimeoutException {
        DescribeClusterResult cluster =
                admin.describeCluster(
                        new DescribeClusterOptions().includeAuthorizedOperations(true));
        Collection<Node> nodes = answer(cluster.nodes());
        findings.ok("kafka", "%d brokers at %s".formatted(nodes.size(), kafka));
        Set<AclOperation> allowed = answer(cluster.authorizedOperations());
        Set<AclOperation> missing = EnumSet.of(AclOperation.CREATE, AclOperation.DESCRIBE_CONFIGS);
        if (allowed != null) {
            missing.removeAll(allowed);
            findings.check(
                    !missing.contains(AclOperation.CREATE),
                    "kafka.acl",
                    missing.isEmpty() ? "may make topics" : "the cluster's ACL lacks " + missing,
                    "allow CREATE on the cluster, or on topics beginning with " + topics.prefix());
        }
        return nodes;
    }

    private void features() throws InterruptedException, ExecutionException, TimeoutException {
        FeatureMetadata features = answer(admin.describeFeatures().featureMetadata());
        var shareGroups = features.finalizedFeatures().get(SHARE_GROUPS);
        var metadata = features.finalizedFeatures().get("metadata.version");
        findings.check(
                shareGroups != null && shareGroups.maxVersionLevel() > 0,
                "kafka.version",
                "metadata version %s, share groups %s"
                        .formatted(
                                metadata == null ? "unknown" : metadata.maxVersionLevel(),
                                shareGroups == null ? "off" : "on"),
                "upgrade brokers to 4.2 or later, and finalize the feature " + SHARE_GROUPS);
    }

    private void brokers(Collection<Node> nodes)
            throws InterruptedException, ExecutionException, TimeoutException {
        List<ConfigResource> resources =
                nodes.stream()
                        .map(node ->
                                new ConfigResource(ConfigResource.Type.BROKER, node.idString()))
                        .toList();
        Map<ConfigResource, Config> configs = answer(admin.describeConfigs(resources).all());
        for (Map.Entry<ConfigResource, Config> broker : configs.entrySet()) {
            String check = "kafka.broker." + broker.getKey().name();
            String bytesMax = value(broker.getValue(), "message.max.bytes");
            boolean largeEnough =
                    bytesMax != null && Long.parseLong(bytesMax) >= PlatformTopics.RECORD_BYTES_MAX;
            if ("false".equals(value(broker.getValue(), "delete.topic.enable"))) {
                findings.fail(
                        check,
                        "topics cannot be deleted",
                        "set delete.topic.enable = true: run topics are deleted and made anew");
            } else if ("true".equals(value(broker.getValue(), "auto.create.topics.enable"))) {
                findings.warn(
                        check,
                        "makes topics unasked",
                        "set auto.create.topics.enable = false: a reader's typo becomes a topic");
            } else if (!largeEnough) {
                findings.warn(
                        check,
                        "message.max.bytes is %s, less than %d"
                                .formatted(bytesMax, PlatformTopics.RECORD_BYTES_MAX),
                        "raise it: else each run topic has a config of its own, and is slow to make");
            } else {
                findings.ok(check, "message.max.bytes is " + bytesMax);
            }
        }
    }

    private void runTopics(Set<String> existing, int brokers) {
        String prefix = topics.prefix() + ".run.";
        long count = existing.stream().filter(name -> name.startsWith(prefix)).count();
        int max = RUN_TOPICS_PER_BROKER * brokers;
        String says = "%d of at most %d".formatted(count, max);
        if (count > max) {
            findings.fail(
                    "kafka.run_topics",
                    says,
                    "delete topics of finished runs before a broker runs out of memory maps");
        } else if (count > max * 0.8) {
            findings.warn(
                    "kafka.run_topics", says, "delete topics of finished runs, or add brokers");
        } else {
            findings.ok("kafka.run_topics", says);
        }
    }

    static @Nullable String value(Config config, String name) {
        ConfigEntry entry = config.get(name);
        return entry == null ? null : entry.value();
    }
}
