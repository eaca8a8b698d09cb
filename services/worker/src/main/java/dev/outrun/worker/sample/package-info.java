/** The sample handlers that {@code ./outrun dev} offers. */
@NullMarked
package dev.outrun.worker.sample;

import org.jspecify.annotations.NullMarked;
