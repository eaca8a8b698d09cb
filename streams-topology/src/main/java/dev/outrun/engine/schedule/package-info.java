/** Rules of schedules: what is due, and what was missed. Pure. */
@NullMarked
package dev.outrun.engine.schedule;

import org.jspecify.annotations.NullMarked;
