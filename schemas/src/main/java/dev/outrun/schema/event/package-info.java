/** What a run's log holds: event types, the envelope, and the slicing of one append into events. */
@NullMarked
package dev.outrun.schema.event;

import org.jspecify.annotations.NullMarked;
