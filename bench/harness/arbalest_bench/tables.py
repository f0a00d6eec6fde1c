"""Tables in Markdown."""

from .results import in_order

SCENARIOS = ["fire", "confirm", "pipeline", "deliver", "deliver-try", "deliver-hook", "deliver-listener", "fan"]


def rate(value):
    """Messages a second, short."""
    if value is None:
        return ""
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.{2 if value < 10 * size else 1}f} {unit}"
    return f"{value:.0f}"


def number(value, digits=2):
    return "" if value is None else f"{value:.{digits}f}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "|".join([" --- "] + [" ---: "] * (len(head) - 1)) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def share_of_floor(medians, peer, kind="sockets", **point):
    """A rate as a share of the floor's at the same point: that of sockets, or where there is none, that of Asio."""
    point = {**point, "suite": "end-to-end"}
    for floor in (f"floor: {kind}", "floor: asio"):
        share = medians.ratio("messages_per_s", {**point, "peer": peer}, {**point, "peer": floor})
        if share:
            return share
    return None


def about(records):
    text = []
    for record in records:
        if record["suite"] == "about":
            judged = record.get("repetitions_where_judged", record["repetitions"])
            more = f", {judged} where shares of the floor are to be reached" if judged != record["repetitions"] else ""
            text.append(f"Revision {record['revision']}, {record['date']}; {record['processor']}, {record['cores']} "
                        f"cores, Linux {record['kernel']}, {record['compiler']}. Median of {record['repetitions']} "
                        f"runs of {record['seconds']} s each{more}.\n")
            if record["quick"]:
                text.append("A quick run: a look, not a result.\n")
            if record.get("table"):
                text.append("Peers, TLS, WebSockets and RabbitMQ at the smallest bodies only (--table).\n")
            if record["load"] > 0.5:
                text.append(f"**The machine was busy (load {record['load']}): these are no results.**\n")
    for record in records:
        if record["suite"] in ("skipped", "failed"):
            point = " ".join(f"{key}={record[key]}" for key in ("transport", "scenario", "body", "cores", "sessions",
                                                                "threads") if key in record)
            text.append(f"- {record['suite']}: {record.get('peer', '')} {point}: {record['reason']}")
    return "\n".join(text) + "\n"


def end_to_end(medians):
    """Throughput of everybody at every point, beside the ratio to the floor."""
    text = []
    every = {"suite": "end-to-end"}
    for cores in medians.values("cores", **every):
        for transport in medians.values("transport", cores=cores, **every):
            for body in medians.values("body", cores=cores, transport=transport, **every):
                text.append(_point_table(medians, cores, transport, body))
    return "\n".join(text)


def _point_table(medians, cores, transport, body):
    where = {"suite": "end-to-end", "cores": cores, "transport": transport, "body": body}
    scenarios = [name for name in SCENARIOS if name in medians.values("scenario", **where)]
    rows = []
    for peer in medians.values("peer", **where):
        row = [peer]
        for scenario in scenarios:
            value = medians.one("messages_per_s", peer=peer, scenario=scenario, **where)
            share = share_of_floor(medians, peer, scenario=scenario, **where)
            row.append(rate(value) + (f" ({100 * share:.0f} %)" if value and share else ""))
        rows.append(row)
    place = "one core for both" if cores == 1 else "a core each"
    title = f"### {transport}, bodies of {body} bytes, {place}\n\nMessages a second (share of the floor)\n\n"
    return title + table([""] + scenarios, rows) + "\n" + _costs(medians, where, scenarios)


def _costs(medians, where, scenarios):
    rows = []
    for scenario in scenarios:
        floor = medians.one("cpu_s_per_million", **{**where, "scenario": scenario, "peer": "floor: asio"})
        for peer in medians.values("peer", scenario=scenario, **where):
            found = medians.find(peer=peer, scenario=scenario, **where)[0]
            allocations = medians.one("allocations_per_message", **{
                **where, "suite": "allocations", "scenario": scenario, "peer": peer})
            # On one core, what the sink takes makes shares of the rate look better than those of the client's own time.
            times = found["cpu_s_per_million"] / floor if floor else None
            rows.append([f"{scenario}, {peer}", number(found["cpu_s_per_million"]), number(times, 1),
                         number(found.get("p50_us"), 1),
                         number(found.get("p99_us"), 1), number(found.get("p999_us"), 1),
                         number(found["peak_kib"] / 1024, 1), number(allocations)])
    return table(["", "CPU s per million", "times the floor's", "p50 µs", "p99 µs", "p99.9 µs", "peak MiB", "allocations per message"], rows)


def micro(medians):
    rows = []
    for entry in sorted(medians.find(suite="micro"), key=lambda entry: in_order(entry["scenario"])):
        rows.append([entry["scenario"], number(entry["ns"], 1), number(entry.get("gb_per_s")),
                     number(entry.get("frame_bytes"), 0)])
    return table(["", "ns", "GB/s", "bytes"], rows) if rows else ""


def scale(medians):
    text = ""
    rows = [[str(entry["sessions"]), number(entry.get("kib_per_session"), 1), number(entry.get("cpu_per_second"), 4),
             number(entry.get("connect_seconds"))] for entry in medians.find(suite="scale", scenario="idle")]
    if rows:
        text += table(["idle sessions", "KiB each", "CPU s per s", "s to connect all"], rows) + "\n"
    rows = [[str(entry["threads"]), rate(entry["messages_per_s"]), number(entry["cpu_s_per_million"])]
            for entry in medians.find(suite="scale", scenario="threads")]
    if rows:
        text += table(["threads, 8 sessions", "confirmed messages a second", "CPU s per million"], rows) + "\n"
    for entry in medians.find(suite="scale", scenario="retain"):
        text += (f"{entry['count']:.0f} messages kept: {entry['bytes_per_message']:.0f} bytes each, "
                 f"{rate(entry['messages_per_s'])} a second.\n")
    return text


def growth(medians):
    """What a message costs with few and with many of something."""
    text = []
    for scenario, key, head in (("pipeline", "window", "receipts in flight"),
                                ("fan", "subscriptions", "subscriptions in turn"),
                                ("deliver", "others", "other subscriptions")):
        rows = []
        for many in medians.values(key, suite="growth", scenario=scenario):
            row = [str(many)]
            for peer in ("arbalest", "floor: sockets"):
                where = {"suite": "growth", "scenario": scenario, key: many, "peer": peer}
                row += [rate(medians.one("messages_per_s", **where)),
                        number(medians.one("cpu_s_per_million", **where), 3)]
            rows.append(row)
        if rows:
            text.append(table([head, f"{scenario}: messages a second", "CPU µs of a message",
                               "floor: messages a second", "CPU µs"], rows))
    return "\n".join(text)


def rabbitmq(medians):
    where = {"suite": "rabbitmq"}
    scenarios = medians.values("scenario", **where)
    rows = [[f"{body} bytes"] + [rate(medians.one("messages_per_s", body=body, scenario=scenario, **where))
                                 for scenario in scenarios]
            for body in medians.values("body", **where)]
    return table([""] + scenarios, rows) if rows else ""
