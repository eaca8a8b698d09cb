package dev.outrun.schema.work;

/** A live attempt that is to stop. Whichever worker runs it interrupts its handler. */
public record Interrupt(String run, int attempt) {}
