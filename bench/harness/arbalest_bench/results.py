"""The records of a run: one line of JSON each."""

import json
import re
import statistics
import sys


class Writer:
    """Writes records as they come, so that a run that is stopped loses nothing; says on stderr what goes on."""

    def __init__(self, path):
        self._file = open(path, "w", encoding="utf-8")

    def add(self, record):
        self._file.write(json.dumps(record) + "\n")
        self._file.flush()
        if record["suite"] in ("failed", "skipped"):
            where = " ".join(str(record[key]) for key in ("transport", "scenario", "body") if key in record)
            print(f"  {record['suite']}: {record.get('peer', '')} {where}: {record['reason']}", file=sys.stderr)

    @staticmethod
    def progress(text):
        print(text, file=sys.stderr, flush=True)

    def close(self):
        self._file.close()


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


# What tells measurements apart; everything else is a figure.
KEYS = ("suite", "scenario", "peer", "transport", "body", "cores", "sessions", "threads", "window", "subscriptions", "others")


class Medians:
    """The repetitions of each measurement, brought down to their medians."""

    def __init__(self, records):
        self._groups = {}
        for record in records:
            if record["suite"] in ("about", "failed", "skipped"):
                continue
            key = tuple(record.get(name) for name in KEYS)
            self._groups.setdefault(key, []).append(record)

    def find(self, **wanted):
        """All measurements with these keys: a list of dicts of keys and medians."""
        return [{**named, **_medians(records)} for named, records in self._matching(wanted)]

    def one(self, figure, **wanted):
        """A figure of the one measurement with these keys; None when there is none."""
        found = [entry for entry in self.find(**wanted) if figure in entry]
        return found[0][figure] if found else None

    def ratio(self, figure, one, other):
        """How many times the figure of another measurement one's is, both given by their keys: the median of what runs
        come to that were made one after the other, so that both had the same machine. None without such runs."""
        mine, others = self._runs(figure, one), self._runs(figure, other)
        quotients = [value / others[repetition] for repetition, value in mine.items() if others.get(repetition)]
        return statistics.median(quotients) if quotients else None

    def _runs(self, figure, wanted):
        """The figure of each repetition of the one measurement with these keys."""
        for _, records in self._matching(wanted):
            return {record["repetition"]: record[figure] for record in records if figure in record}
        return {}

    def _matching(self, wanted):
        for key, records in self._groups.items():
            named = dict(zip(KEYS, key))
            if all(named.get(name) == value for name, value in wanted.items()):
                yield named, records

    def values(self, key, **wanted):
        """The values that a key has, in the order in which they came."""
        return list(dict.fromkeys(entry[key] for entry in self.find(**wanted) if entry[key] is not None))


def in_order(name):
    """For sorting names with numbers in them, as people do."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]


def _medians(records):
    figures = {}
    for name in dict.fromkeys(name for record in records for name in record):
        values = [record[name] for record in records if name in record]
        if name not in KEYS and all(isinstance(value, (int, float)) for value in values):
            figures[name] = statistics.median(values)
    return figures
