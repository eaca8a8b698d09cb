/** Tests of the leases. */
@NullMarked
package dev.outrun.worker.lease;

import org.jspecify.annotations.NullMarked;
