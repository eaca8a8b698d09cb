/** Holds what is published against the ledger. */
@NullMarked
package dev.outrun.connector.audit;

import org.jspecify.annotations.NullMarked;
