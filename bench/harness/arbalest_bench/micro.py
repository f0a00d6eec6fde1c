"""The suite "micro": Google Benchmark's figures as records."""

import json
import os
import subprocess

from .machine import pinned


def run_suite(options, results):
    program = os.path.join(options.build, "bench", "bench-micro")
    if not os.path.exists(program):
        results.add({"suite": "skipped", "peer": "bench-micro", "reason": "Google Benchmark is not installed"})
        return
    results.progress("micro")
    command = [program, "--benchmark_format=json", "--benchmark_enable_random_interleaving=true",
               f"--benchmark_repetitions={options.repetitions}", f"--benchmark_min_time={options.micro_seconds}"]
    if options.micro_filter:
        command.append(f"--benchmark_filter={options.micro_filter}")
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=pinned(options.machine.client))
    if done.returncode != 0:
        results.add({"suite": "failed", "peer": "bench-micro", "reason": done.stderr.strip()[-300:]})
        return
    for entry in json.loads(done.stdout)["benchmarks"]:
        if entry.get("run_type") == "aggregate":
            continue
        name = entry["name"].split("/manual_time")[0].split("/repeats:")[0]
        record = {"suite": "micro", "scenario": name, "peer": "arbalest",
                  "repetition": entry.get("repetition_index", 0)}
        if "items_per_second" in entry:
            record["messages_per_s"] = entry["items_per_second"]
            record["ns"] = 1e9 / entry["items_per_second"]
        else:
            record["ns"] = entry.get("ns_per_frame", entry["real_time"])
        if "bytes_per_second" in entry:
            record["gb_per_s"] = entry["bytes_per_second"] / 1e9
        if "frame_bytes" in entry:
            record["frame_bytes"] = int(entry["frame_bytes"])
        results.add(record)
