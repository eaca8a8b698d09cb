"""A worker for Outrun in Python's standard library alone.

    from outrun_worker import Worker

    def greet(run, input):
        name = run.step("ask", lambda: input["name"].title())  # done once in the run's life
        run.emit("token.delta", "Hello, " + name)
        return {"greeted": name}

    Worker("http://127.0.0.1:8080", {"greet": greet}).run()

A handler is called once for each attempt, in a thread of its own. What it returns is the run's
output; what it throws fails the attempt, and the run's retry policy says what follows. An attempt
that shows no sign of life for ten seconds is lost, and made again by whoever is there: the worker
shows one every few seconds, and hears in the answer whether the run was cancelled.

SIGTERM: takes no more tasks, lets handlers end for `grace` seconds, and hands back what is left.
"""

import json
import os
import signal
import socket
import threading
import time
import urllib.error
import urllib.request


class Stopped(Exception):
    """The attempt is over, for a reason outside of the handler: let it through."""


class NonRetryable(Exception):
    """Fails the run, whatever its retry policy."""


class Refused(Exception):
    """What Outrun said no to: `code` is stable, see the API's reference."""

    def __init__(self, status, problem):
        super().__init__(problem.get("detail", problem.get("code")))
        self.status = status
        self.code = problem.get("code", "")


class Unanswered(Exception):
    """Nobody knows whether an append was committed: the next attempt reads it in the log."""


class Run:
    """A live attempt, as its handler sees it. Of one thread, but for `cancelled`."""

    def __init__(self, api, task):
        self.id = task["run"]
        self.attempt = task["attempt"]
        self.cancelled = threading.Event()
        self._api = api
        self._path = "/v1/tasks/%s/%d" % (self.id, self.attempt)
        self._next_seq = task["next_seq"]
        self._done = None  # outputs of the steps that earlier attempts have done, by name

    def emit(self, type, data=None):
        """Appends an event; returns its seq."""
        self._check()
        return self._call("/events", {"type": type, "data": data}, once=True)["first"]

    def step(self, name, work):
        """Does the work once, and returns what it has come to, in this attempt and all later ones."""
        self._check()
        if self._done is None:
            self._done = self._read_steps()
        if self._done.get(name):
            return self._done[name].pop(0)
        output = work()
        self.emit("step.completed", {"name": name, "output": output})
        return output

    def _read_steps(self):
        done = {}
        seq = 0
        while seq < self._next_seq:
            page = self._api.call("GET", "/v1/runs/%s/events?from=%d" % (self.id, seq))
            for event in page["events"]:
                if event["type"] == "step.completed":
                    done.setdefault(event["data"]["name"], []).append(event["data"]["output"])
            seq = page["next"]
        return done

    def _check(self):
        if self.cancelled.is_set():
            raise Stopped("the run was cancelled")

    def _call(self, what, body, once=False):
        return self._api.call("POST", self._path + what, body, once)


class Worker:
    """Makes attempts at runs of these handlers, `places` of them at a time."""

    def __init__(self, url, handlers, name=None, places=4, grace=5.0, key=None):
        self._api = Api(url, key)
        self._handlers = handlers
        self._name = name or "%s-%d" % (socket.gethostname(), os.getpid())
        self._places = places
        self._grace = grace
        self._stopping = threading.Event()
        self._live = {}  # Run by its thread
        self._lock = threading.Lock()
        self._heartbeat_s = 3.0

    def run(self):
        """Works until it gets a SIGTERM or SIGINT."""
        signal.signal(signal.SIGTERM, lambda *_: self._stopping.set())
        signal.signal(signal.SIGINT, lambda *_: self._stopping.set())
        threading.Thread(target=self._beat, daemon=True).start()
        for _ in range(self._places):
            threading.Thread(target=self._work, daemon=True).start()
        self._stopping.wait()
        # Before anything is handed back: it would come straight to one of our own waits.
        self._api.call("POST", "/v1/tasks/leave", {"worker": self._name})
        until = time.monotonic() + self._grace
        while self._runs() and time.monotonic() < until:
            time.sleep(0.05)
        for run in self._runs():
            self._fail(run, "worker_stopped", "the worker has stopped", True)

    def _runs(self):
        with self._lock:
            return list(self._live.values())

    def _work(self):
        ask = {"worker": self._name, "handlers": sorted(self._handlers), "wait_ms": 20000}
        while not self._stopping.is_set():
            lease = self._api.call("POST", "/v1/tasks/lease", ask)
            self._heartbeat_s = lease["heartbeat_ms"] / 1000
            for task in lease["tasks"]:
                if self._stopping.is_set():
                    self._fail(Run(self._api, task), "worker_stopped", "the worker stops", True)
                else:
                    self._attempt(task)

    def _attempt(self, task):
        run = Run(self._api, task)
        with self._lock:
            self._live[threading.get_ident()] = run
        try:
            output = self._handlers[task["handler"]](run, task["input"])
            run._call("/complete", {"output": output})
        except Refused as e:
            # Of another attempt by now, or closed: nothing is left to say.
            if e.code not in ("stale_attempt", "run_closed", "unknown_run"):
                self._fail(run, e.code, str(e), False)
        except Stopped as e:
            self._fail(run, "cancelled", str(e), False)
        except NonRetryable as e:
            self._fail(run, "handler_failed", str(e), False)
        except Exception as e:
            self._fail(run, "handler_failed", "%s: %s" % (type(e).__name__, e), True)
        finally:
            with self._lock:
                del self._live[threading.get_ident()]

    def _fail(self, run, code, message, retryable):
        error = {"code": code, "message": message[:2000]}
        try:
            run._call("/fail", {"error": error, "retryable": retryable})
        except Refused:
            pass  # somebody else has ended it

    def _beat(self):
        while True:
            time.sleep(self._heartbeat_s)
            for run in self._runs():
                try:
                    if run._call("/heartbeat", {})["cancel_requested"]:
                        run.cancelled.set()
                except Refused:
                    run.cancelled.set()  # not ours any more


class Api:
    """Calls with JSON in and out, said again for as long as nobody answers, or said once."""

    def __init__(self, url, key=None):
        self._url = url.rstrip("/")
        self._headers = {"Content-Type": "application/json"}
        if key:
            self._headers["Authorization"] = "Bearer " + key

    def call(self, method, path, body=None, once=False):
        data = None if body is None else json.dumps(body).encode()
        wait = 0.1
        while True:
            request = urllib.request.Request(self._url + path, data, self._headers, method=method)
            try:
                with urllib.request.urlopen(request, timeout=90) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as e:
                problem = json.load(e)
                if e.code < 500 and e.code != 429:  # too many at once: again, later
                    raise Refused(e.code, problem) from None
            except OSError:
                pass  # nobody there, for now
            if once:
                raise Unanswered(path)
            time.sleep(wait)
            wait = min(wait * 2, 5.0)
