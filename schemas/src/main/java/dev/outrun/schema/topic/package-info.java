/** Every Kafka topic name and record header. */
@NullMarked
package dev.outrun.schema.topic;

import org.jspecify.annotations.NullMarked;
