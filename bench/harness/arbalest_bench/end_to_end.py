"""The suite "end-to-end": the library, the floor and the peers on the same sink, in turn."""

import contextlib
import dataclasses
import os
import typing

from . import peers
from .programs import Failed, Sink, count_for, figures, run

SENDING = ["fire", "confirm", "pipeline"]
# What the floor does as "deliver", whichever way messages are taken. Raw Asio takes part in some only.
DELIVERING = ["deliver", "deliver-try", "deliver-hook", "deliver-listener", "fan"]
DELIVERING_BY_ASIO = ["deliver", "fan"]
FAN = 100  # subscriptions on one session


@dataclasses.dataclass(frozen=True)
class Point:
    """What is compared: one scenario under the same conditions for all."""

    transport: str
    scenario: str
    body: int
    cores: int
    window: typing.Optional[int] = None  # confirmed sends in flight; None: as many as all programs have by default
    subscriptions: typing.Optional[int] = None  # None: FAN for the scenario fan, one for the others
    others: typing.Optional[int] = None  # further subscriptions that get nothing, of Arbalest only
    suite: str = "end-to-end"

    def record(self):
        return {name: value for name, value in dataclasses.asdict(self).items() if value is not None}


def points(options):
    """All that is to be measured, the most interesting first."""
    for cores in options.cores:
        for transport in options.transports:
            scenarios = SENDING + (DELIVERING if transport == "tcp" else ["deliver"])
            for body in options.bodies if transport == "tcp" or not options.table else options.bodies[:1]:
                for scenario in scenarios:
                    if not options.scenarios or scenario in options.scenarios:
                        yield Point(transport, scenario, body, cores)


class Contender:
    """Something that can be measured at a point."""

    def __init__(self, name, command, is_peer=False):
        self.name = name
        self.is_peer = is_peer
        self._command = command

    def command(self, point, sink, count):
        """None where it has no such scenario."""
        return self._command(point, sink, count)


def _numbers(point, count):
    subscriptions = point.subscriptions or (FAN if point.scenario == "fan" else 1)
    numbers = ["--count", str(count), "--body", str(point.body), "--subscriptions", str(subscriptions)]
    if point.window:
        numbers += ["--window", str(point.window)]
    if point.others:
        numbers += ["--others", str(point.others)]
    return numbers


def _arbalest(program):
    def command(point, sink, count):
        return [program, point.scenario, "--url", sink.url(point.transport), "--ca", sink.ca] + _numbers(point, count)
    return command


def _floor(program, kind):
    def command(point, sink, count):
        delivering = DELIVERING if kind == "sockets" else DELIVERING_BY_ASIO
        if point.scenario not in SENDING + delivering or (kind == "sockets" and point.transport != "tcp"):
            return None
        scenario = "deliver" if point.scenario in delivering else point.scenario
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
    return found + [Contender(peer.name, peer.command, is_peer=True) for peer in peers.installed(options)]


def _at(options, point, everybody):
    """Who is measured at a point."""
    with_peers = not options.table or point.body == options.bodies[0]
    return [contender for contender in everybody
            if (with_peers or not contender.is_peer) and contender.command(point, _NoSink, 1) is not None]


class _NoSink:
    """Stands in for a sink where it is only asked whether there is a command."""

    ca = ""
    ports = {"tcp": 0, "tls": 0, "ws": 0, "wss": 0}

    @staticmethod
    def url(transport):
        return transport


def _repetitions(options, point, contender):
    """How often a contender is measured. Where shares of the floor are to be reached that are not far away, more often:
    the noise of few short runs would decide."""
    judged = (point.transport, point.body, point.cores) == ("tcp", options.bodies[0], options.cores[0])
    return options.repetitions_where_judged if judged and not contender.is_peer else options.repetitions


class _Entry:
    """A contender at a point, with the number of messages that it gets."""

    def __init__(self, contender, point, sink, core, repetitions):
        self.name = contender.name
        self.repetitions = repetitions
        self._make = lambda count: contender.command(point, sink, count)
        self._core = core
        self.count = 0

    def measure(self, count):
        return run(self._make(count), self._core)

    def calibrate(self, seconds):
        self.count = count_for(self.measure, seconds)


def measure_point(options, point, everybody, sink, results):
    entries = []
    for contender in everybody:
        repetitions = _repetitions(options, point, contender)
        entry = _Entry(contender, point, sink, options.machine.client, repetitions)
        try:
            entry.calibrate(options.seconds)
            entries.append(entry)
        except Failed as failure:
            results.add({**point.record(), "suite": "failed", "peer": entry.name, "reason": str(failure)})
    # In turn, so that whatever else the machine does hits all alike.
    for repetition in range(max((entry.repetitions for entry in entries), default=0)):
        for entry in [entry for entry in entries if repetition < entry.repetitions]:
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
    plan = [(point, _at(options, point, everybody)) for point in points(options)]
    measured = sum(len(there) for _, there in plan)
    runs = sum(_repetitions(options, point, contender) for point, there in plan for contender in there)
    # Finding the number of messages takes about as long as half a run, a program that starts a third of a second.
    minutes = (runs + 0.5 * measured) * (options.seconds + 0.3) / 60
    results.progress(f"end-to-end: {measured} measurements, {runs} runs, about {minutes:.0f} min")
    with contextlib.ExitStack() as stack:
        sinks = {cores: stack.enter_context(Sink(options.build, options.machine.sink(cores)))
                 for cores in options.cores}
        for number, (point, there) in enumerate(plan, 1):
            results.progress(f"{number}/{len(plan)}: {point.transport} {point.scenario}, bodies of {point.body}, "
                             f"cores: {point.cores}")
            measure_point(options, point, there, sinks[point.cores], results)
            if point.cores == options.cores[0] and point.body <= 1024:
                _count_allocations(options, point, sinks[point.cores], results)
