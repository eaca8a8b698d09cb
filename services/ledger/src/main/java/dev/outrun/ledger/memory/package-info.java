/** The ledger in memory, held to the same contract as the one in Postgres: for tests. */
@NullMarked
package dev.outrun.ledger.memory;

import org.jspecify.annotations.NullMarked;
