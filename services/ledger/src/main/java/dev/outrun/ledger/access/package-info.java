/** Keys of the API and its audit log: the port, and what is kept of both. */
@NullMarked
package dev.outrun.ledger.access;

import org.jspecify.annotations.NullMarked;
