/** Postgres and the broker, started, stopped and killed for real. */
@NullMarked
package dev.outrun.devstack;

import org.jspecify.annotations.NullMarked;
