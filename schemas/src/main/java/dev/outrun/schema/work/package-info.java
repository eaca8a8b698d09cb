/** The records engine and workers exchange over Kafka: tasks, decisions, heartbeats, interrupts. */
@NullMarked
package dev.outrun.schema.work;

import org.jspecify.annotations.NullMarked;
