/** Examines a database and brokers for what a connector needs of them. */
@NullMarked
package dev.outrun.connector.doctor;

import org.jspecify.annotations.NullMarked;
