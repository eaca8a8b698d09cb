/** The stable error codes. */
@NullMarked
package dev.outrun.schema.error;

import org.jspecify.annotations.NullMarked;
