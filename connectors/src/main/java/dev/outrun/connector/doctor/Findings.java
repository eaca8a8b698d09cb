package dev.outrun.connector.doctor;

import dev.outrun.connector.doctor.Finding.Grade;
import java.util.ArrayList;
import java.util.List;

/** What has been found so far, in order. */
final class Findings {

    private final List<Finding> all = new ArrayList<>();

    void ok(String check, String says) {
        all.add(new Finding(Grade.OK, check, says, null));
    }

    void warn(String check, String says, String advice) {
        all.add(new Finding(Grade.WARN, check, says, advice));
    }

    void fail(String check, String says, String advice) {
        all.add(new Finding(Grade.FAIL, check, says, advice));
    }

    /** Well if the condition holds, else failed. */
    void check(boolean well, String check, String says, String advice) {
        if (well) {
            ok(check, says);
        } else {
            fail(check, says, advice);
        }
    }

    List<Finding> all() {
        return List.copyOf(all);
    }
}
