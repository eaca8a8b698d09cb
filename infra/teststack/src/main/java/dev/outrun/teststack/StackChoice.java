package dev.outrun.teststack;

/**
 * Which servers the tests run on, from system properties: {@code outrun.stack} is {@code embedded}
 * (the default) or {@code testcontainers}; with the latter {@code outrun.stack.postgres.image} and
 * {@code outrun.stack.kafka.image} name the images.
 */
sealed interface StackChoice {

    static StackChoice fromSystemProperties() {
        String stack = System.getProperty("outrun.stack", "embedded");
        return switch (stack) {
            case "embedded" -> new Embedded();
            case "testcontainers" ->
                    new Containers(
                            System.getProperty("outrun.stack.postgres.image", "postgres:18"),
                            System.getProperty(
                                    "outrun.stack.kafka.image", "apache/kafka-native:4.3.1"));
            default ->
                    throw new IllegalArgumentException(
                            "outrun.stack is '" + stack + "', not embedded or testcontainers");
        };
    }

    Backend start();

    /** No installation needed. */
    record Embedded() implements StackChoice {

        @Override
        public Backend start() {
            return EmbeddedBackend.start();
        }
    }

    /** Needs a Docker daemon. */
    record Containers(String postgresImage, String kafkaImage) implements StackChoice {

        @Override
        public Backend start() {
            return ContainerBackend.start(postgresImage, kafkaImage);
        }
    }
}
