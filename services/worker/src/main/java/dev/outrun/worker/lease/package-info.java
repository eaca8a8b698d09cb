/** Tasks for workers that have no Kafka client: leased one at a time, for as long as they call. */
@NullMarked
package dev.outrun.worker.lease;

import org.jspecify.annotations.NullMarked;
