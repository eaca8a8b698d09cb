/** What every topology of ours has alike, whatever it decides or counts. */
@NullMarked
package dev.outrun.streams;

import org.jspecify.annotations.NullMarked;
