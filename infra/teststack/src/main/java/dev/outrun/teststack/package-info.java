/**
 * Real parts for tests: a Postgres and a broker per JVM, a database and a topic prefix per test.
 */
@NullMarked
package dev.outrun.teststack;

import org.jspecify.annotations.NullMarked;
