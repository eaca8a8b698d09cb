/** Postgres and a Kafka broker without an installation: for dev and for tests. */
@NullMarked
package dev.outrun.devstack;

import org.jspecify.annotations.NullMarked;
