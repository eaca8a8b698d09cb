"""Counts and greets, a word at a time: `python3 greet.py [URL]`, then

    ./outrun run start greet --input '{"names": ["Ada", "Grace"]}' --follow
"""

import sys

from outrun_worker import Worker


def greet(run, input):
    names = run.step("names", lambda: sorted(input["names"]))
    for name in names:
        run.step("greet " + name, lambda: run.emit("token.delta", "Hello, %s! " % name))
    return {"greeted": len(names)}


if __name__ == "__main__":
    url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"
    Worker(url, {"greet": greet}).run()
