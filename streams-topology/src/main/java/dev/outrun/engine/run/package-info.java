/** What a run does next: its states and the pure rules that move it; no Kafka, no clock. */
@NullMarked
package dev.outrun.engine.run;

import org.jspecify.annotations.NullMarked;
