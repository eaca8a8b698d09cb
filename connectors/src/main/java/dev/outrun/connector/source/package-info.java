/** Where changes come from: the port, and Postgres' write-ahead log behind it. */
@NullMarked
package dev.outrun.connector.source;

import org.jspecify.annotations.NullMarked;
