/** The topics: the platform's fixed ones, one per run, and those made ahead. */
@NullMarked
package dev.outrun.connector.topic;

import org.jspecify.annotations.NullMarked;
