"""stomp.py at work: SCENARIO TRANSPORT PORT COUNT BODY."""

import json
import re
import sys
import threading
import time

import stomp

WINDOW = 1000
DESTINATION = "/queue/bench"


class Listener(stomp.ConnectionListener):
    def __init__(self, window, expected):
        self.room = threading.Semaphore(window)
        self.confirmed = threading.Event()
        self.done = threading.Event()
        self.expected = expected
        self.received = 0
        self.began = {}
        self.latencies = []

    def on_receipt(self, frame):
        began = self.began.pop(frame.headers["receipt-id"], None)
        if began is not None:
            self.latencies.append(time.perf_counter() - began)
        self.received += 1
        self.confirmed.set()
        self.room.release()
        if self.received == self.expected:
            self.done.set()

    def on_message(self, frame):
        self.received += 1
        if self.received == self.expected:
            self.done.set()


def run(scenario, connection, listener, count, body):
    if scenario == "fire":
        for _ in range(count - 1):
            connection.send(DESTINATION, body)
        connection.send(DESTINATION, body, headers={"receipt": "last"})
        listener.confirmed.wait()
    elif scenario == "confirm":
        for i in range(count):
            listener.confirmed.clear()
            listener.began[str(i)] = time.perf_counter()
            connection.send(DESTINATION, body, headers={"receipt": str(i)})
            listener.confirmed.wait()
    elif scenario == "pipeline":
        for i in range(count):
            listener.room.acquire()
            if i % 16 == 0:
                listener.began[str(i)] = time.perf_counter()
            connection.send(DESTINATION, body, headers={"receipt": str(i)})
        listener.done.wait()
    else:
        connection.subscribe(f"/push/1/{count}/{len(body)}", id="1", ack="auto")
        listener.done.wait()


def main():
    scenario, _, port, count, size = sys.argv[1:]
    count, body = int(count), "x" * int(size)
    listener = Listener(WINDOW, count)
    connection = stomp.Connection12([("127.0.0.1", int(port))], heartbeats=(0, 0))
    connection.set_listener("", listener)
    connection.connect(wait=True)
    cpu, began = time.process_time(), time.perf_counter()
    run(scenario, connection, listener, count, body)
    record = {"count": count, "seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu}
    with open("/proc/self/status", encoding="utf-8") as status:
        record["peak_kib"] = int(re.search(r"VmHWM:\s*(\d+)", status.read()).group(1))
    if listener.latencies:
        ordered = sorted(listener.latencies)
        for name, share in (("p50_us", 0.5), ("p99_us", 0.99), ("p999_us", 0.999)):
            record[name] = 1e6 * ordered[int(share * (len(ordered) - 1))]
    connection.disconnect()
    print(json.dumps(record))


main()
