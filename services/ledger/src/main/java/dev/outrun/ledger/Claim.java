package dev.outrun.ledger;

/**
 * A claimed attempt: what to run.
 *
 * @param input JSON text
 * @param nextSeq the seq the attempt's first own event will get; all before it is history
 */
public record Claim(String tenant, String queue, String handler, String input, long nextSeq) {}
