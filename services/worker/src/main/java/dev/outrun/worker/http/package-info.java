/** A worker that has no way to Postgres or Kafka, but to the API. */
@NullMarked
package dev.outrun.worker.http;

import org.jspecify.annotations.NullMarked;
