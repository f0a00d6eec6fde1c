"""The suite "scale": many sessions, several threads, many messages that are kept."""

import os

from .programs import Failed, Sink, figures, run


def _measure(options, results, scenario, command, extra):
    results.progress(f"scale {scenario} {extra}")
    for repetition in range(1 if scenario == "idle" else options.repetitions):
        record = {"suite": "scale", "scenario": scenario, "peer": "arbalest", "transport": "tcp", **extra}
        try:
            results.add({**record, "repetition": repetition, **figures(run(command))})
        except Failed as failure:
            results.add({**record, "suite": "failed", "reason": str(failure)})
            return


def run_suite(options, results):
    program = os.path.join(options.build, "bench", "bench-scale")
    with Sink(options.build, heart_beat=10_000) as sink:
        for sessions in options.sessions:
            _measure(options, results, "idle",
                     [program, "idle", "--url", sink.url("tcp"), "--sessions", str(sessions), "--seconds",
                      str(options.idle_seconds)],
                     {"sessions": sessions})
    with Sink(options.build) as sink:
        for threads in (1, 2, 4):
            _measure(options, results, "threads",
                     [program, "threads", "--url", sink.url("tcp"), "--threads", str(threads), "--sessions", "8",
                      "--count", str(options.retained)],
                     {"threads": threads, "sessions": 8, "body": 100})
        _measure(options, results, "retain",
                 [program, "retain", "--url", sink.url("tcp"), "--count", str(options.retained)],
                 {"body": 100})
