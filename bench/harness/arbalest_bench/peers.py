"""Other STOMP clients, each a small program in peers/NAME with a script that installs what it needs."""

import dataclasses
import os
import subprocess

INSTALL_TIME_LIMIT = 600  # seconds


@dataclasses.dataclass(frozen=True)
class Peer:
    """`scenarios`: what the library can do at all. php-stomp, for instance, waits inside of every confirmed send."""

    name: str
    program: str
    folder: str
    transports: tuple = ("tcp",)
    scenarios: tuple = ("fire", "confirm", "pipeline", "deliver")

    def command(self, point, sink, count):
        if point.transport not in self.transports or point.scenario not in self.scenarios:
            return None
        return [self.program, self.folder, point.scenario, point.transport, str(sink.ports[point.transport]),
                str(count), str(point.body)]


KNOWN = {
    "stomp.py": {},
    "stompjs": {"transports": ("tcp", "ws")},
    "php-stomp": {"scenarios": ("fire", "confirm", "deliver")},
    "ruby-stomp": {},
    "net-stomp": {},
    "go-stomp": {},
}


def _install(name, script, folder):
    """Returns why it did not work; None when it did."""
    os.makedirs(folder, exist_ok=True)
    try:
        done = subprocess.run([script, folder], capture_output=True, text=True, timeout=INSTALL_TIME_LIMIT,
                              stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return f"not installed within {INSTALL_TIME_LIMIT} s"
    except OSError as error:
        return str(error)
    with open(os.path.join(folder, "install.log"), "w", encoding="utf-8") as log:
        log.write(done.stdout + done.stderr)
    if done.returncode == 0:
        return None
    complaint = (done.stderr or done.stdout).strip().splitlines()
    return complaint[-1][:300] if complaint else f"{name}: exit code {done.returncode}"


def install(options, results):
    """Installs the peers that are wanted. Those that cannot be are named in the results."""
    options.installed_peers = []
    for name in options.peers:
        folder = os.path.join(options.build, "peers", name)
        results.progress(f"installing {name}")
        reason = _install(name, os.path.join(options.root, "bench", "peers", name, "install"), folder)
        if reason:
            results.add({"suite": "skipped", "peer": name, "reason": reason})
        else:
            options.installed_peers.append(name)


def installed(options):
    for name in options.installed_peers:
        yield Peer(name, os.path.join(options.root, "bench", "peers", name, "run"),
                   os.path.join(options.build, "peers", name), **KNOWN[name])
