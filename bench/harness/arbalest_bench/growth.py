"""The suite "growth": what a message costs with few and with many receipts in flight, and subscriptions."""

from . import end_to_end
from .programs import Sink

BODY = 100
WINDOWS = (10, 100, 1000, 10_000)
SUBSCRIPTIONS = (1, 10, 100, 1000)


def points(cores):
    where = {"suite": "growth", "transport": "tcp", "body": BODY, "cores": cores}
    for window in WINDOWS:
        yield end_to_end.Point(scenario="pipeline", window=window, **where)
    for subscriptions in SUBSCRIPTIONS:
        yield end_to_end.Point(scenario="fan", subscriptions=subscriptions, **where)


def run_suite(options, results):
    cores = options.cores[0]
    everybody = [contender for contender in end_to_end.contenders(options)
                 if contender.name in ("floor: sockets", "arbalest")]
    with Sink(options.build, options.machine.sink(cores)) as sink:
        for point in points(cores):
            many = f"{point.window} in flight" if point.window else f"{point.subscriptions} subscriptions"
            results.progress(f"growth: {point.scenario}, {many}")
            end_to_end.measure_point(options, point, everybody, sink, results)
