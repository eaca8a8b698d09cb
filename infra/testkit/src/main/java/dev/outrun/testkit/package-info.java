/** A whole Outrun for a test: an extension for JUnit, and what a test does with it. */
@NullMarked
package dev.outrun.testkit;

import org.jspecify.annotations.NullMarked;
