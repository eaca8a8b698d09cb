/** The JSON of records and wire messages. */
@NullMarked
package dev.outrun.schema.json;

import org.jspecify.annotations.NullMarked;
