/** Ids and words everyone uses: run, tenant, status. */
@NullMarked
package dev.outrun.schema.run;

import org.jspecify.annotations.NullMarked;
