/** Which workers live, and which runs the others have lost; no Kafka, no clock. */
@NullMarked
package dev.outrun.engine.worker;

import org.jspecify.annotations.NullMarked;
