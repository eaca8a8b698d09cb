/** The ledger's tables and functions, as migrations. */
@NullMarked
package dev.outrun.schema.sql;

import org.jspecify.annotations.NullMarked;
