/** The settings of a process: outrun.yaml, environment and flags, read into one record. */
@NullMarked
package dev.outrun.server.config;

import org.jspecify.annotations.NullMarked;
