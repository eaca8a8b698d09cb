/** Who is next in a queue, and whether anybody may go; no Kafka, no clock. */
@NullMarked
package dev.outrun.engine.queue;

import org.jspecify.annotations.NullMarked;
