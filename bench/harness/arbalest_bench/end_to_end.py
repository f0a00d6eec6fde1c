"""The suite "end-to-end": the library, the floor and the peers on the same sink, in turn."""

import contextlib
import dataclasses
import os

from . import peers
from .programs import Failed, Sink, count_for, figures, run

SENDING = ["fire", "confirm", "pipeline"]
FAN = 100  # subscriptions on one session


@dataclasses.dataclass(frozen=True)
class Point:
    """What is compared: one scenario under the same conditions for all."""

    transport: str
    scenario: str
    body: int
    cores: int

    def record(self):
        return {"suite": "end-to-end", **dataclasses.asdict(self)}


def points(options):
    """All that is to be measured, the most interesting first."""
    for cores in options.cores:
        for transport in options.transports:
            scenarios = SENDING + ["deliver"]
            if transport == "tcp":
                scenarios = scenarios + ["deliver-try", "deliver-hook", "fan"]
            for body in options.bodies:
                for scenario in scenarios:
                    if not options.scenarios or scenario in options.scenarios:
                        yield Point(transport, scenario, body, cores)


class Contender:
    """Something that can be measured at a point."""

    def __init__(self, name, command):
        self.name = name
        self._command = command

    def command(self, point, sink, count):
        """None where it has no such scenario."""
        return self._command(point, sink, count)


def _numbers(point, count):
    subscriptions = FAN if point.scenario == "fan" else 1
    return ["--count", str(count), "--body", str(point.body), "--subscriptions", str(subscriptions)]


def _arbalest(program):
    def command(point, sink, count):
        return [program, point.scenario, "--url", sink.url(point.transport), "--ca", sink.ca] + _numbers(point, count)
    return command


def _floor(program, kind):
    def command(point, sink, count):
        if point.scenario not in SENDING + ["deliver", "fan"] or (kind == "sockets" and point.transport != "tcp"):
            return None
        scenario = "deliver" if point.scenario == "fan" else point.scenario
        return [program, scenario, "--with", kind, "--transport", point.transport, "--port",
                str(sink.ports[point.transport]), "--ca", sink.ca] + _numbers(point, count)
    return command


def contenders(options):
    programs = os.path.join(options.build, "bench")
    floor = os.path.join(programs, "bench-floor")
    found = [
        Contender("floor: sockets", _floor(floor, "sockets")),
        Contender("floor: asio", _floor(floor, "asio")),
        Contender("arbalest", _arbalest(os.path.join(programs, "bench-client"))),
    ]
    return found + [Contender(peer.name, peer.command) for peer in peers.installed(options)]


class _Entry:
    """A contender at a point, with the number of messages that it gets."""

    def __init__(self, contender, point, sink, core):
        self.name = contender.name
        self._make = lambda count: contender.command(point, sink, count)
        self._core = core
        self.count = 0

    def exists(self):
        return self._make(1) is not None

    def measure(self, count):
        return run(self._make(count), self._core)

    def calibrate(self, seconds):
        self.count = count_for(self.measure, seconds)


def _measure_point(options, point, everybody, sink, results):
    entries = []
    for contender in everybody:
        entry = _Entry(contender, point, sink, options.machine.client)
        if not entry.exists():
            continue
        try:
            entry.calibrate(options.seconds)
            entries.append(entry)
        except Failed as failure:
            results.add({**point.record(), "suite": "failed", "peer": entry.name, "reason": str(failure)})
    # In turn, so that whatever else the machine does hits all alike.
    for repetition in range(options.repetitions):
        for entry in list(entries):
            try:
                record = figures(entry.measure(entry.count))
            except Failed as failure:
                results.add({**point.record(), "suite": "failed", "peer": entry.name, "reason": str(failure)})
                entries.remove(entry)
                continue
            results.add({**point.record(), "peer": entry.name, "repetition": repetition, **record})


def _count_allocations(options, point, sink, results):
    program = os.path.join(options.build, "bench", "bench-client-counting")
    counting = Contender("arbalest", _arbalest(program))
    try:
        record = figures(run(counting.command(point, sink, 50_000), options.machine.client))
    except Failed as failure:
        results.add({**point.record(), "suite": "failed", "peer": "arbalest", "reason": f"counting: {failure}"})
        return
    results.add({**point.record(), "suite": "allocations", "peer": "arbalest", "count": record["count"],
                 "allocations_per_message": record["allocations_per_message"]})


def run_suite(options, results):
    everybody = contenders(options)
    with contextlib.ExitStack() as stack:
        sinks = {cores: stack.enter_context(Sink(options.build, options.machine.sink(cores)))
                 for cores in options.cores}
        for point in points(options):
            results.progress(f"{point.transport} {point.scenario}, bodies of {point.body}, cores: {point.cores}")
            _measure_point(options, point, everybody, sinks[point.cores], results)
            if point.cores == options.cores[0] and point.body <= 1024:
                _count_allocations(options, point, sinks[point.cores], results)
