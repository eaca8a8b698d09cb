package dev.outrun.testkit.simulation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A bug, planted into the source of one class.
 *
 * @param name what it does, as docs/SIMULATION.md has it
 * @param source the class's file, from the top of the project
 * @param right the text that is right, once in the file
 * @param wrong what stands there instead
 */
record Mutation(String name, String source, String right, String wrong) {

    private static final String ENGINE = "streams-topology/src/main/java/dev/outrun/engine/";
    private static final String LEDGER = "services/ledger/src/main/java/dev/outrun/ledger/memory/";

    /** The file with the bug in it. */
    String mutated(Path project) throws IOException {
        String text = Files.readString(project.resolve(source));
        int at = text.indexOf(right);
        if (at < 0 || text.indexOf(right, at + 1) >= 0) {
            throw new IllegalStateException(source + " has not once: " + right);
        }
        return text.replace(right, wrong);
    }

    /** The class's name. */
    String className() {
        String path = source.substring(source.indexOf("dev/outrun"));
        return path.substring(0, path.length() - ".java".length()).replace('/', '.');
    }

    static Stream<Mutation> all() {
        return Stream.of(rules(), facts(), queues(), shards(), workers(), ledger())
                .flatMap(List::stream);
    }

    private static List<Mutation> rules() {
        String rules = ENGINE + "run/RunRules.java";
        return List.of(
                new Mutation(
                        "a run begins before its time",
                        rules,
                        "runAt != null && runAt.isAfter(now)",
                        "runAt == null && now.equals(Instant.EPOCH)"),
                new Mutation(
                        "a task that nobody claims is not sent again",
                        rules,
                        "                            dispatch(facts, sent.attempt()));",
                        "                            new Effect.Publish(facts.view()));"),
                new Mutation(
                        "a retry is not delayed",
                        rules,
                        "Instant at = facts.time().plus(delay);",
                        "Instant at = facts.time().plus(delay.minus(delay));"),
                new Mutation(
                        "a retry's time is the engine's, not the log's",
                        rules,
                        "Instant at = facts.time().plus(delay);",
                        "Instant at = now.plus(delay).plusSeconds(1);"),
                new Mutation(
                        "a failure for good is tried again",
                        rules,
                        "                && failed.retryable()\n",
                        ""),
                new Mutation(
                        "one attempt more than allowed",
                        rules,
                        "facts.retry().allowsAnother(facts.failures(), failed.errorCode())",
                        "facts.retry().allowsAnother(facts.failures() - 1, failed.errorCode())"),
                new Mutation(
                        "a lost attempt counts as a failure",
                        rules,
                        "handedBack ? before.withLoss() : before.withFailure()",
                        "handedBack ? before.withFailure() : before.withFailure()"),
                new Mutation(
                        "a retry that is due waits for ever",
                        rules,
                        "        if (at.isAfter(now)) {\n            RunState next",
                        "        if (at.isAfter(now)) {\n            at = at.plusSeconds(999_999_999);\n            RunState next"),
                new Mutation(
                        "a run's time never ends",
                        rules,
                        "if (isOver(facts.deadline(), now)",
                        "if (now.equals(Instant.EPOCH) && isOver(facts.deadline(), now)"),
                new Mutation(
                        "a run is over before its time",
                        ENGINE + "run/RunFacts.java",
                        "begunAt.plusMillis(timeout)",
                        "begunAt.plusMillis(timeout / 2)"));
    }

    private static List<Mutation> facts() {
        String open = ENGINE + "run/OpenRun.java";
        return List.of(
                new Mutation(
                        "a fork remembers the other run's failures",
                        ENGINE + "run/RunFacts.java",
                        "return counting(0, 0, false, false);",
                        "return counting(failures, lost, cancelRequested, hasChildren);"),
                new Mutation(
                        "a fork goes on where the other run was",
                        ENGINE + "run/RunState.java",
                        "    default RunState toForked(int attempt, Instant since) {\n        return new Queued(attempt, since);",
                        "    default RunState toForked(int attempt, Instant since) {\n        return this;"),
                new Mutation(
                        "a delay that ends is not noticed",
                        ENGINE + "run/RunState.java",
                        "        public Instant due() {\n            return at;\n        }",
                        "        public Instant due() {\n            return at.plusSeconds(999_999_999);\n        }"),
                new Mutation(
                        "priorities are upside down",
                        open,
                        "                            request.priority(),",
                        "                            -request.priority(),"),
                new Mutation(
                        "the end of the run's time is forgotten",
                        open,
                        "return isEnding() ? due : earliest(due, facts.deadline());",
                        "return due;"),
                new Mutation(
                        "a task that is out takes no place",
                        open,
                        "case RunState.Dispatched out -> new Standing.Out(facts.run(), request.handler(), key);",
                        "case RunState.Dispatched out -> null;"));
    }

    private static List<Mutation> queues() {
        String line = ENGINE + "queue/Line.java";
        return List.of(
                new Mutation(
                        "last in, first out is first in, first out",
                        line,
                        "settings.order() == Order.FIFO ? byTime : byTime.reversed()",
                        "byTime"),
                new Mutation(
                        "the smallest priority goes first",
                        line,
                        "                .reversed()\n                .thenComparing(settings",
                        "                .thenComparing(settings"),
                new Mutation(
                        "a paused queue goes on", line, "settings.mode() == Mode.PAUSED || ", ""),
                new Mutation(
                        "a concurrency of one more",
                        line,
                        "out + live >= most",
                        "out + live > most"),
                new Mutation(
                        "a key's room is never given back",
                        line,
                        "                live--;\n                busy(key, -1);",
                        "                live--;"),
                new Mutation(
                        "a queue's room is never given back",
                        line,
                        "                live--;",
                        "                live -= 0;"),
                new Mutation(
                        "a task's room is never given back",
                        line,
                        "                out--;",
                        "                out -= 0;"),
                new Mutation(
                        "a handler's tasks stay out",
                        line,
                        "                handler(handler).out.remove(run);",
                        ""),
                new Mutation(
                        "a change of the order leaves the line as it is",
                        line,
                        "        if (!sameOrder) {",
                        "        if (sameOrder && !sameOrder) {"),
                new Mutation(
                        "the rate's opening is never waited for",
                        line,
                        "rate != null && !waiting.isEmpty() && isAtRate(now)",
                        "rate != null && waiting.isEmpty() && isAtRate(now)"),
                new Mutation(
                        "one key's first run keeps its others out",
                        line,
                        "        boolean room = most != null && key.busy < most;",
                        "        boolean room = most != null && key.busy < most && key.offered.isEmpty();"));
    }

    private static List<Mutation> shards() {
        String shard = ENGINE + "Shard.java";
        String runs = ENGINE + "OpenRuns.java";
        return List.of(
                new Mutation(
                        "a place that is free is offered to nobody",
                        shard,
                        "        if (take(run, before, outcome, now) && either != null) {",
                        "        if (take(run, before, outcome, now) && before == null && either != null) {"),
                new Mutation(
                        "a queue that is resumed starts nobody",
                        shard,
                        "            admit(queue, now);\n        }\n    }\n\n    private void scheduleMoved",
                        "        }\n    }\n\n    private void scheduleMoved"),
                new Mutation(
                        "a run is not kept where it has moved",
                        runs,
                        "            store.put(run.toString(), runs.get(run));",
                        "            store.get(run.toString());"),
                new Mutation(
                        "timers are lost with the engine",
                        runs,
                        "                index(id, null, run);\n",
                        ""),
                new Mutation(
                        "queues are lost with the engine",
                        runs,
                        "                queues.restore(run);\n",
                        ""),
                new Mutation(
                        "a timer outlives what it was for",
                        runs,
                        "                timers.cancel(dueBefore, run);\n            }",
                        "                timers.size();\n            }"),
                new Mutation(
                        "a schedule fires early",
                        ENGINE + "schedule/Schedule.java",
                        "        Instant last = occurrences.last(now);",
                        "        Instant last = occurrences.last(now.plusSeconds(3600));"));
    }

    private static List<Mutation> workers() {
        String workers = ENGINE + "worker/Workers.java";
        return List.of(
                new Mutation(
                        "a silent worker keeps what it holds",
                        workers,
                        "            if (isSilent(holder.heard)) {",
                        "            if (isSilent(holder.heard) && holder.runs.isEmpty()) {"),
                new Mutation(
                        "a worker that was started again keeps what it held",
                        workers,
                        "            return \"worker started again\";",
                        "            return null;"),
                new Mutation(
                        "a claim is no sign of life",
                        workers,
                        "        holder.runs.add(run);",
                        "        holder.runs.isEmpty();"));
    }

    private static List<Mutation> ledger() {
        String runs = LEDGER + "MemoryRuns.java";
        return List.of(
                new Mutation(
                        "ledger: a decision is recorded twice",
                        runs,
                        "run.status == RunStatus.RETRYING && !run.retryDecided",
                        "run.status == RunStatus.RETRYING"),
                new Mutation(
                        "ledger: a claim is granted whatever the queue",
                        LEDGER + "MemoryQueues.java",
                        "        if (room) {",
                        "        room = true;\n        if (room) {"),
                new Mutation(
                        "ledger: a paused queue grants claims",
                        LEDGER + "MemoryQueues.java",
                        "queue.mode() == Mode.PAUSED || ",
                        ""),
                new Mutation(
                        "ledger: a fork waits for the other run's children",
                        runs,
                        "                        .waitFor(null)\n",
                        ""),
                new Mutation(
                        "ledger: parents that wait for all go on with the first",
                        runs,
                        "case \"all\" -> run.children;",
                        "case \"all\" -> 1;"));
    }
}
