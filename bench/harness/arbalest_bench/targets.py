"""What is to be reached, as ratios within one run."""

from .tables import floor_of, number, table

ONE_CORE = {"cores": 1, "transport": "tcp", "body": 100}
SESSION_KIB = 32
DECODE_GB_PER_S = 2.0
# What is allocated once, while buffers grow, is shared by all messages of a run.
ONCE = 0.02


def _share(medians, scenario, kind, point):
    mine = medians.one("messages_per_s", suite="end-to-end", peer="arbalest", scenario=scenario, **point)
    floor = floor_of(medians, kind, scenario=scenario, **point)
    return mine / floor if mine and floor else None


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


def checks(medians):
    """(what, what is wanted, what is there, whether it is enough); None where it was not measured."""
    found = []

    def add(what, target, value, at_most=False, tolerance=0.0):
        if value is not None:
            found.append((what, target, value, value <= target + tolerance if at_most else value >= target))

    for scenario, kind, target in (("fire", "sockets", 0.5), ("confirm", "asio", 0.95), ("pipeline", "sockets", 0.4),
                                   ("deliver", "sockets", 0.6), ("deliver-try", "sockets", 0.7)):
        add(f"{scenario}: share of the floor ({kind})", target, _share(medians, scenario, kind, ONE_CORE))
    for scenario in ("fire", "pipeline", "deliver"):
        ratio, name = _best_peer(medians, scenario)
        add(f"{scenario}: times the best peer ({name})", 2.0, ratio)
    for transport in ("tls", "ws", "wss"):
        for scenario in ("fire", "confirm", "pipeline", "deliver"):
            add(f"{scenario} over {transport}: share of raw Asio and Beast", 0.6,
                _share(medians, scenario, "asio", {**ONE_CORE, "transport": transport}))
    add("decoding frames of 241 bytes, GB/s", DECODE_GB_PER_S, _gb_per_s(medians, "decode/target:241"))
    decode, copy = (_gb_per_s(medians, f"{name}/target:cold") for name in ("decode", "memcpy"))
    add("decoding 10 KiB from cold memory: share of malloc + memcpy", 0.5, decode / copy if decode and copy else None)
    for scenario, target in (("fire", 1.0), ("pipeline", 1.0), ("deliver", 2.0), ("deliver-try", 2.0), ("fan", 2.0)):
        add(f"{scenario}: allocations per message", target,
            medians.one("allocations_per_message", suite="allocations", scenario=scenario, **ONE_CORE), at_most=True,
            tolerance=ONCE)
    fan = medians.one("messages_per_s", suite="end-to-end", peer="arbalest", scenario="fan", **ONE_CORE)
    one = medians.one("messages_per_s", suite="end-to-end", peer="arbalest", scenario="deliver", **ONE_CORE)
    add("100 subscriptions: share of what one gets", 0.8, fan / one if fan and one else None)
    add("an idle session, KiB", SESSION_KIB,
        medians.one("kib_per_session", suite="scale", scenario="idle", sessions=1000), at_most=True)
    return found


def as_table(medians):
    rows = [[what, number(target), number(value), "reached" if good else "**missed**"]
            for what, target, value, good in checks(medians)]
    return table(["", "wanted", "measured", ""], rows) if rows else ""
