"""Reads a run's events, live or later, to its end: `python3 read.py URL RUN [SEQ]`; each is a line of JSON."""

import json
import sys
import urllib.error
import urllib.request


def read(url, run, seq=0):
    """Yields the run's events from this seq on; goes on where it was whenever the connection is lost."""
    while True:
        request = urllib.request.Request(
            "%s/v1/runs/%s/events?from=%d" % (url, run, seq),
            headers={"Accept": "text/event-stream"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                if answer.status == 204:  # the log has ended
                    return
                data = []
                for line in answer:
                    text = line.decode().rstrip("\n")
                    if text.startswith("data: "):
                        data.append(text[len("data: "):])
                    elif not text and data:
                        event = json.loads("\n".join(data))
                        data = []
                        seq = event["seq"] + 1
                        yield event
        except urllib.error.HTTPError:
            raise  # there is no such run
        except OSError:
            pass  # lost; what was read is not read again


if __name__ == "__main__":
    for event in read(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 0):
        print(json.dumps(event, ensure_ascii=False))
