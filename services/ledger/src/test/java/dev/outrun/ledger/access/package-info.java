/** Tests of keys, roles and what they open. */
@NullMarked
package dev.outrun.ledger.access;

import org.jspecify.annotations.NullMarked;
