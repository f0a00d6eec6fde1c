"""Running the programs that measure, and the sink that they measure against."""

import json
import os
import subprocess

from .machine import pinned

TIME_LIMIT = 180  # seconds, for one run of a program; they are meant to take a few


class Failed(Exception):
    """A program did not measure what it was asked to."""


def run(command, core=None):
    """Runs a program on a core and returns the record it prints as its last line."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT,
                              stdin=subprocess.DEVNULL, preexec_fn=pinned(core))
    except subprocess.TimeoutExpired as late:
        raise Failed(f"not done after {TIME_LIMIT} s") from late
    except OSError as error:
        raise Failed(str(error)) from error
    if done.returncode != 0:
        complaint = (done.stderr or done.stdout).strip().splitlines()
        raise Failed(complaint[-1][:300] if complaint else f"exit code {done.returncode}")
    lines = done.stdout.strip().splitlines()
    try:
        return json.loads(lines[-1])
    except (IndexError, ValueError) as error:
        raise Failed("printed no record") from error


class Sink:
    """bench-sink on a core, for as long as the with block lasts."""

    def __init__(self, build, core=None, heart_beat=0):
        self._command = [os.path.join(build, "bench", "bench-sink"), "--heart-beat", str(heart_beat)]
        self._core = core
        self._process = None

    def __enter__(self):
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True,
                                         stdin=subprocess.DEVNULL, preexec_fn=pinned(self._core))
        line = self._process.stdout.readline()
        if not line:
            raise Failed(f"the sink does not start: exit code {self._process.wait()}")
        places = json.loads(line)
        self.ca = places.pop("ca")
        self.ports = places
        return self

    def __exit__(self, *_):
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def url(self, transport):
        scheme = {"tcp": "stomp", "tls": "stomp+tls", "ws": "ws", "wss": "wss"}[transport]
        return f"{scheme}://127.0.0.1:{self.ports[transport]}"


def count_for(measure, seconds, most=5_000_000):
    """How many messages take about so long, found by trying fewer. `measure(count)` runs and returns a record."""
    count = 256
    while True:
        took = measure(count)["seconds"]
        if took >= seconds / 8 or count >= most:
            break
        count = min(most, count * (8 if took < seconds / 64 else 4))
    return max(256, min(most, int(count * seconds / took)))


def figures(record):
    """What a program measured, per message."""
    count = record["count"]
    result = {
        "count": count,
        "seconds": record["seconds"],
        "messages_per_s": count / record["seconds"],
        "cpu_s_per_million": record["cpu_seconds"] / count * 1e6,
        "peak_kib": record["peak_kib"],
    }
    if "allocations" in record:
        result["allocations_per_message"] = record["allocations"] / count
    known = {"count", "seconds", "cpu_seconds", "peak_kib", "allocations"}
    result.update({name: value for name, value in record.items() if name not in known})
    return result
