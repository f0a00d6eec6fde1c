"""The suite "rabbitmq": what a real broker leaves of it."""

import os
import re
import subprocess

from .programs import Failed, count_for, figures, run


class Broker:
    """A RabbitMQ of our own, for as long as the with block lasts."""

    def __init__(self, root):
        self._script = os.path.join(root, "test", "interop", "rabbitmq")
        self._environment = dict(os.environ)

    def __enter__(self):
        done = subprocess.run([self._script, "start"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise Failed((done.stderr.strip().splitlines() or ["RabbitMQ does not start"])[-1])
        for name, value in re.findall(r"^export (\w+)='?([^'\n]*)'?$", done.stdout, re.MULTILINE):
            self._environment[name] = value
        self.url = self._environment["ARBALEST_RABBITMQ_URL"]
        return self

    def __exit__(self, *_):
        subprocess.run([self._script, "stop"], env=self._environment, stdin=subprocess.DEVNULL, check=False)


def run_suite(options, results):
    program = os.path.join(options.build, "bench", "bench-client")
    try:
        with Broker(options.root) as broker:
            for body in options.bodies[:1] if options.table else options.bodies:
                for scenario in ("fire", "confirm", "pipeline", "deliver"):
                    _measure(options, results, program, broker, scenario, body)
    except Failed as failure:
        results.add({"suite": "skipped", "peer": "RabbitMQ", "reason": str(failure)})


def _measure(options, results, program, broker, scenario, body):
    results.progress(f"RabbitMQ {scenario}, bodies of {body}")
    record = {"suite": "rabbitmq", "scenario": scenario, "peer": "arbalest", "transport": "tcp", "body": body}
    uses = 0

    def measure(count):
        # A queue of its own for each run: what a run left behind would be in the way of the next.
        nonlocal uses
        uses += 1
        destination = f"/queue/bench-{scenario}-{body}-{uses}"
        return run([program, scenario, "--url", broker.url, "--count", str(count), "--body", str(body),
                    "--destination", destination, "--preload", "1"])

    try:
        count = count_for(measure, options.seconds, most=100_000)
        for repetition in range(options.repetitions):
            results.add({**record, "repetition": repetition, **figures(measure(count))})
    except Failed as failure:
        results.add({**record, "suite": "failed", "reason": str(failure)})
