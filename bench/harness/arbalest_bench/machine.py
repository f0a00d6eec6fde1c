"""The machine that measures: its cores, how busy it is, what it is made of."""

import datetime
import os
import platform
import re
import subprocess


class Cores:
    """Which cores the client and the sink get."""

    def __init__(self):
        self.all = sorted(os.sched_getaffinity(0))
        # The first core is where systems like to handle interrupts.
        self.client = self.all[-1]
        self.other = self.all[-2] if len(self.all) > 1 else None

    def settings(self):
        """The numbers of cores that can be measured: client and sink on one, or on one each."""
        return [1] if self.other is None else [1, 2]

    def sink(self, setting):
        return self.client if setting == 1 else self.other


def pinned(core):
    """For Popen's preexec_fn: binds the process to a core; None leaves it to the system."""
    if core is None:
        return None
    return lambda: os.sched_setaffinity(0, {core})


def load():
    """How many processes wanted to run lately, this one not counted."""
    return os.getloadavg()[0]


def _first_line(*command):
    try:
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return output.splitlines()[0].strip() if output else "unknown"


def _processor():
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        found = re.search(r"model name\s*:\s*(.*)", info.read())
    return found.group(1) if found else platform.machine()


def description(root, settings):
    """The first record of a run: on what, of what and how it was measured."""
    git = ("git", "-c", "safe.directory=*", "-C", root)
    return {
        "suite": "about",
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "revision": _first_line(*git, "describe", "--always", "--dirty", "--exclude=*"),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "compiler": _first_line("g++", "--version"),
        "load": round(load(), 2),
        **settings,
    }
