/** Schedules: what is said of them, and when they fire. */
@NullMarked
package dev.outrun.schema.schedule;

import org.jspecify.annotations.NullMarked;
