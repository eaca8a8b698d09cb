/** The build step that writes the ledger's jOOQ classes from the migrated schema. */
@NullMarked
package dev.outrun.codegen;

import org.jspecify.annotations.NullMarked;
