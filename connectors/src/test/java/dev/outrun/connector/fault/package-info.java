/** The connector, its broker and its Postgres, killed, frozen and stopped as a seed says. */
@NullMarked
package dev.outrun.connector.fault;

import org.jspecify.annotations.NullMarked;
