/** The ledger in Java: the port everyone uses, and Postgres behind it. */
@NullMarked
package dev.outrun.ledger;

import org.jspecify.annotations.NullMarked;
