"""A worker whose first attempts go on until somebody ends them: `python3 on_and_on.py URL GRACE`."""

import sys
import time

from outrun_worker import Refused, Worker


def on_and_on(run, input):
    run.step("once", lambda: run.emit("did"))
    while run.attempt == 1:
        try:
            run.emit("on")
        except Refused as e:
            print(e.code, flush=True)
            raise
        time.sleep(0.02)
    return run.attempt


Worker(sys.argv[1], {"on-and-on": on_and_on}, places=2, grace=float(sys.argv[2])).run()
