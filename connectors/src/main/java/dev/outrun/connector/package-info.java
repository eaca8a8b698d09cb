/** The connector: what Postgres has committed, published to Kafka. */
@NullMarked
package dev.outrun.connector;

import org.jspecify.annotations.NullMarked;
