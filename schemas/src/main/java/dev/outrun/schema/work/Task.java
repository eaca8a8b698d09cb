package dev.outrun.schema.work;

/**
 * An attempt to be made. A task may come twice or late: claiming it in the ledger decides.
 *
 * @param run the run's id
 * @param attempt the attempt to claim, from 1
 */
public record Task(String run, int attempt, String tenant, String queue, String handler) {}
