"""The suite "growth": what a message costs with few and with many receipts in flight, and subscriptions."""

from . import end_to_end
from .programs import Sink

BODY = 100
WINDOWS = (10, 100, 1000, 10_000)
SUBSCRIPTIONS = (1, 10, 100, 1000)
OTHERS = (0, 10, 100, 1000)


def points(cores):
    where = {"suite": "growth", "transport": "tcp", "body": BODY, "cores": cores}
    for window in WINDOWS:
        yield end_to_end.Point(scenario="pipeline", window=window, **where)
    for subscriptions in SUBSCRIPTIONS:
        yield end_to_end.Point(scenario="fan", subscriptions=subscriptions, **where)
    for others in OTHERS:
        yield end_to_end.Point(scenario="deliver", others=others, **where)


def contenders(options, point):
    """The floor knows nothing of subscriptions that get nothing."""
    wanted = ("arbalest",) if point.others is not None else ("floor: sockets", "arbalest")
    return [contender for contender in end_to_end.contenders(options) if contender.name in wanted]


def run_suite(options, results):
    cores = options.cores[0]
    with Sink(options.build, options.machine.sink(cores)) as sink:
        for point in points(cores):
            many = {"in flight": point.window, "subscriptions": point.subscriptions, "others": point.others}
            results.progress(f"growth: {point.scenario}, " +
                             ", ".join(f"{value} {what}" for what, value in many.items() if value is not None))
            end_to_end.measure_point(options, point, contenders(options, point), sink, results)
