package dev.outrun.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.error.ErrorCode;
import dev.outrun.schema.error.OutrunException;
import dev.outrun.schema.run.RunId;
import dev.outrun.schema.run.RunStatus;
import dev.outrun.schema.run.Tenant;
import dev.outrun.schema.work.Decision;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The ledger's contract about runs that others have started. */
interface FlowContract extends LedgerContract {

    @Test
    default void child_is_told_of_in_its_parents_log_from_start_to_end() {
        // Given
        RunId parent = running();

        // When
        RunId child = childOf(parent);
        claim(child, 1);
        ledger().complete(child, 1, "{ \"n\": 1.0 }");

        // Then
        assertEquals(
                List.of(
                        "2 1 run.child.started {\"child\":\""
                                + child
                                + "\",\"queue\":\"default\",\"handler\":\"echo\"}",
                        "3 1 run.child.ended {\"child\":\""
                                + child
                                + "\",\"status\":\"completed\",\"result\":{\"output\":{ \"n\": 1.0 }}}"),
                log(parent).subList(2, 4));
        Run row = ledger().run(parent).orElseThrow();
        assertEquals(List.of(1, 1), List.of(row.children(), row.childrenEnded()));
        assertEquals(parent, ledger().run(child).orElseThrow().parent());
        assertEquals(
                List.of(child),
                ledger()
                        .runs(
                                new RunQuery(
                                        Tenant.DEFAULT, null, null, null, parent, null, null, 10))
                        .stream()
                        .map(Run::id)
                        .toList());
    }

    @Test
    default void parent_that_waits_for_all_goes_on_with_the_last() {
        // Given
        RunId parent = running();
        RunId one = childOf(parent);
        RunId other = childOf(parent);
        ledger().suspend(parent, 1, Wake.afterChildren("all"), null);

        // When, Then
        ledger().cancel(one, null);
        assertEquals(RunStatus.SUSPENDED, status(parent));
        complete(other);
        assertEquals(RunStatus.QUEUED, status(parent));
        assertTrue(log(parent).getLast().endsWith("{\"attempt\":2,\"by\":\"children\"}"));
    }

    @Test
    default void parent_that_waits_for_any_goes_on_with_the_first() {
        // Given
        RunId parent = running();
        childOf(parent);
        RunId other = childOf(parent);
        ledger().suspend(parent, 1, Wake.afterChildren("any"), null);

        // When
        complete(other);

        // Then
        assertEquals(RunStatus.QUEUED, status(parent));
    }

    @Test
    default void parent_that_waits_for_more_than_there_are_goes_on_with_the_last() {
        // Given
        RunId parent = running();
        RunId one = childOf(parent);
        RunId other = childOf(parent);
        ledger().suspend(parent, 1, Wake.afterChildren("3"), null);

        // When, Then
        complete(one);
        assertEquals(RunStatus.SUSPENDED, status(parent));
        complete(other);
        assertEquals(RunStatus.QUEUED, status(parent));
    }

    @Test
    default void parent_whose_children_have_ended_does_not_wait() {
        // Given
        RunId parent = running();
        complete(childOf(parent));

        // When
        ledger().suspend(parent, 1, Wake.afterChildren("all"), null);

        // Then
        assertEquals(RunStatus.QUEUED, status(parent));
        claim(parent, 2);
    }

    @Test
    default void parent_of_a_child_that_may_not_fail_fails_with_it() {
        // Given
        RunId grandparent = running();
        RunId parent = start(new StartRun.Child(grandparent, true, false));
        claim(parent, 1);
        RunId child = start(new StartRun.Child(parent, true, false));

        // When
        ledger().cancel(child, null);

        // Then
        assertEquals(RunStatus.FAILED, status(parent));
        assertEquals(RunStatus.FAILED, status(grandparent));
        assertTrue(
                log(parent)
                        .getLast()
                        .contains(
                                "{\"code\":\"child_failed\",\"message\":\"child "
                                        + child
                                        + " is cancelled\"}"));
    }

    @Test
    default void children_of_a_run_that_has_ended_are_cancelled_unless_they_are_detached() {
        // Given
        RunId parent = running();
        RunId running = childOf(parent);
        claim(running, 1);
        RunId queued = childOf(parent);
        RunId detached = start(new StartRun.Child(parent, false, true));
        Decision decision = new Decision.EndChildren(parent.toString(), 1);
        boolean tooEarly = ledger().record(decision);
        ledger().complete(parent, 1, "1");

        // When
        boolean recorded = ledger().record(decision);
        boolean again = ledger().record(decision);

        // Then
        assertEquals(List.of(false, true, false), List.of(tooEarly, recorded, again));
        assertEquals(RunStatus.CANCELLED, status(queued));
        assertTrue(log(running).getLast().contains("run.cancel.requested"));
        assertEquals(RunStatus.QUEUED, status(detached));
        assertFalse(log(parent).getLast().contains("child"), "its log is closed");
    }

    @Test
    default void flow_begins_at_its_leaves() {
        // Given
        ledger().registerHandlers(List.of(HANDLER));

        // When
        RunId root =
                ledger().startFlow(
                                Tenant.DEFAULT,
                                "{\"handler\":\"echo\",\"input\":{\"n\":0},\"children\":["
                                        + "{\"handler\":\"echo\",\"priority\":5,\"on_failure\":\"fail_parent\"},"
                                        + "{\"handler\":\"echo\",\"wait_for\":\"any\",\"children\":["
                                        + "{\"handler\":\"echo\"},{\"handler\":\"echo\"}]}]}");

        // Then
        assertEquals("{\"n\":0}", ledger().run(root).orElseThrow().input());
        assertEquals(RunStatus.SUSPENDED, status(root));
        assertFalse(ledger().claim(root, 1, WORKER).isPresent());
        List<RunId> children = childrenOf(root);
        RunId leaf = children.getFirst();
        RunId branch = children.getLast();
        assertEquals(5, ledger().run(leaf).orElseThrow().priority());
        assertEquals(RunStatus.SUSPENDED, status(branch));
        complete(childrenOf(branch).getFirst());
        assertEquals(RunStatus.QUEUED, status(branch));
        complete(branch);
        complete(leaf);
        assertEquals(RunStatus.QUEUED, status(root));
        claim(root, 1);
    }

    @Test
    default void flow_that_is_none_starts_nothing() {
        ledger().registerHandlers(List.of(HANDLER));
        Tenant tenant = newTenant();
        for (String flow :
                List.of(
                        "1",
                        "{\"handler\":\"echo\",\"children\":{}}",
                        "{\"handler\":\"echo\",\"colour\":1}",
                        "{\"handler\":\"echo\",\"wait_for\":\"some\",\"children\":[]}",
                        "{\"handler\":\"echo\",\"children\":[{\"handler\":\"echo\",\"x\":1}]}")) {
            refusesFlow(ErrorCode.INVALID_REQUEST, tenant, flow);
        }
        refusesFlow(
                ErrorCode.UNKNOWN_HANDLER,
                tenant,
                "{\"handler\":\"echo\",\"children\":[{\"handler\":\"nobody\"}]}");
    }

    private void refusesFlow(ErrorCode code, Tenant tenant, String flow) {
        OutrunException refusal =
                assertThrows(OutrunException.class, () -> ledger().startFlow(tenant, flow));
        assertEquals(code, refusal.code(), flow);
        assertEquals(List.of(), ledger().runs(RunQuery.all(tenant, 10)));
    }

    @Test
    default void child_of_nobody_is_refused() {
        RunId closed = completed();
        RunId open = running();
        refuses(
                ErrorCode.RUN_CLOSED,
                closed,
                () -> start(new StartRun.Child(closed, false, false)));
        refuses(
                ErrorCode.UNKNOWN_RUN,
                open,
                () ->
                        ledger().start(
                                        StartRun.with(HANDLER, "1")
                                                .tenant(newTenant())
                                                .child(new StartRun.Child(open, false, false))
                                                .build()));
    }

    /** Oldest first. */
    private List<RunId> childrenOf(RunId parent) {
        return ledger().events(parent, 0, 100).stream()
                .filter(event -> event.type().equals("run.child.started"))
                .map(event -> LedgerContract.data(event))
                .map(data -> RunId.parse(data.substring(10, 46)))
                .toList();
    }

    private RunId childOf(RunId parent) {
        return start(new StartRun.Child(parent, false, false));
    }

    private RunId start(StartRun.Child child) {
        return ledger().start(StartRun.with(HANDLER, "1").child(child).build());
    }

    private void complete(RunId run) {
        claim(run, 1);
        ledger().complete(run, 1, "1");
    }
}
