"""What is to be reached, as ratios within one run."""

import typing

from .tables import number, share_of_floor, table

ONE_CORE = {"cores": 1, "transport": "tcp", "body": 100}
SESSION_KIB = 32
DECODE_GB_PER_S = 2.0
# Ten times as much of something costs more cache, but no longer search.
GROWTH = 1.3
# What is allocated once, while buffers grow, is shared by all messages of a run.
ONCE = 0.02


def _best_peer(medians, scenario):
    where = {"suite": "end-to-end", "scenario": scenario, **ONE_CORE}
    others = [(entry["messages_per_s"], entry["peer"]) for entry in medians.find(**where)
              if entry["peer"] != "arbalest" and not entry["peer"].startswith("floor")]
    mine = medians.one("messages_per_s", peer="arbalest", **where)
    if not others or not mine:
        return None, ""
    best, name = max(others)
    return mine / best, name


def _gb_per_s(medians, name):
    return medians.one("gb_per_s", suite="micro", scenario=name)


def _growth(medians, scenario, few, many):
    """How many times the CPU time of a message with few of something it is with many."""
    costs = [medians.one("cpu_s_per_million", suite="growth", peer="arbalest", scenario=scenario, **{key: value})
             for key, value in (few, many)]
    return costs[1] / costs[0] if all(costs) else None


class Check(typing.NamedTuple):
    """What is wanted, at least or at most, what is there, and whether it is enough."""

    what: str
    wanted: float
    measured: float
    reached: bool
    at_most: bool


def checks(medians):
    """All that was measured."""
    found = []

    def add(what, target, value, at_most=False, tolerance=0.0):
        if value is not None:
            reached = value <= target + tolerance if at_most else value >= target
            found.append(Check(what, target, value, reached, at_most))

    for scenario, kind, target in (("fire", "sockets", 0.5), ("confirm", "asio", 0.95), ("pipeline", "sockets", 0.4),
                                   ("deliver", "sockets", 0.6), ("deliver-try", "sockets", 0.7)):
        add(f"{scenario}: share of the floor ({kind})", target,
            share_of_floor(medians, "arbalest", kind, scenario=scenario, **ONE_CORE))
    for scenario in ("fire", "pipeline", "deliver"):
        ratio, name = _best_peer(medians, scenario)
        add(f"{scenario}: times the best peer ({name})", 2.0, ratio)
    for transport in ("tls", "ws", "wss"):
        for scenario in ("fire", "confirm", "pipeline", "deliver"):
            add(f"{scenario} over {transport}: share of raw Asio and Beast", 0.6,
                share_of_floor(medians, "arbalest", "asio", scenario=scenario, **{**ONE_CORE, "transport": transport}))
    add("decoding frames of 241 bytes, GB/s", DECODE_GB_PER_S, _gb_per_s(medians, "decode/target:241"))
    decode, copy = (_gb_per_s(medians, f"{name}/target:cold") for name in ("decode", "malloc_memcpy"))
    add("decoding 10 KiB from cold memory: share of malloc + memcpy", 0.5, decode / copy if decode and copy else None)
    for scenario, target in (("fire", 1.0), ("pipeline", 1.0), ("deliver", 2.0), ("deliver-try", 2.0), ("fan", 2.0)):
        add(f"{scenario}: allocations per message", target,
            medians.one("allocations_per_message", suite="allocations", scenario=scenario, **ONE_CORE), at_most=True,
            tolerance=ONCE)
    fan = medians.one("messages_per_s", suite="end-to-end", peer="arbalest", scenario="fan", **ONE_CORE)
    one = medians.one("messages_per_s", suite="end-to-end", peer="arbalest", scenario="deliver", **ONE_CORE)
    add("100 subscriptions: share of what one gets", 0.8, fan / one if fan and one else None)
    for name, scenario, key, few, many in (("receipts in flight", "pipeline", "window", 1000, 10_000),
                                           ("other subscriptions", "deliver", "others", 0, 1000)):
        add(f"{scenario}: CPU time with {many} {name}, times that with {few}", GROWTH,
            _growth(medians, scenario, (key, few), (key, many)), at_most=True)
    add("an idle session, KiB", SESSION_KIB,
        medians.one("kib_per_session", suite="scale", scenario="idle", sessions=1000), at_most=True)
    return found


def as_table(medians):
    rows = [[check.what, f"{'at most ' if check.at_most else ''}{number(check.wanted)}", number(check.measured),
             "reached" if check.reached else "**missed**"] for check in checks(medians)]
    return table(["", "wanted", "measured", ""], rows) if rows else ""
