/** The run engine: a Kafka Streams topology over the firehose and the workers' heartbeats. */
@NullMarked
package dev.outrun.engine;

import org.jspecify.annotations.NullMarked;
