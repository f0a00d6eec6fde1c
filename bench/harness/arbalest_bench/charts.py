"""Bar charts as SVG: one for each table of the report."""

from html import escape

from .results import in_order
from .tables import SCENARIOS, number, rate
from .targets import checks

MOST = 3.0  # times what is wanted: longer bars would make the others too short
WIDTH, BAR, GAP, PANEL_GAP = 760, 16, 4, 34
MINE, FLOOR, PEER, MISSED = "#b5482a", "#9aa5b1", "#4a7fb0", "#d9a441"


def _colour(peer):
    return {"arbalest": MINE, "floor": FLOOR}.get(peer.split(":")[0], PEER)


class Bar:
    """Its length is in proportion to the largest of its panel."""

    def __init__(self, label, value, text, colour=MINE):
        self.label, self.value, self.text, self.colour = label, value, text, colour


def _panel(top, title, bars, label_width):
    longest = max(bar.value for bar in bars) or 1
    parts = [f'<text x="0" y="{top + 12}" class="title">{escape(title)}</text>']
    y = top + 20
    for bar in bars:
        length = max(1.0, (WIDTH - label_width - 130) * bar.value / longest)
        middle = y + BAR - 4
        parts.append(f'<text x="{label_width - 8}" y="{middle}" text-anchor="end">{escape(bar.label)}</text>')
        parts.append(f'<rect x="{label_width}" y="{y}" width="{length:.1f}" height="{BAR}" fill="{bar.colour}"/>')
        parts.append(f'<text x="{label_width + length + 6:.1f}" y="{middle}">{escape(bar.text)}</text>')
        y += BAR + GAP
    return "\n".join(parts), y + PANEL_GAP - GAP


def draw(title, panels):
    """Of (title, bars); None where there is nothing to draw."""
    panels = [(name, bars) for name, bars in panels if bars]
    if not panels:
        return None
    label_width = 24 + 6.5 * max(len(bar.label) for _, bars in panels for bar in bars)
    drawn, top = [], 34
    for name, bars in panels:
        panel, top = _panel(top, name, bars, label_width)
        drawn.append(panel)
    style = "text{font:12px sans-serif;fill:#222}.title{font-weight:bold}"
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top}" viewBox="0 0 {WIDTH} {top}">\n'
            f"<style>{style}</style>\n"
            f'<rect width="{WIDTH}" height="{top}" fill="#fff"/>\n'
            f'<text x="0" y="14" class="title">{escape(title)}</text>\n' + "\n".join(drawn) + "\n</svg>\n")


def _throughput(medians, where, title):
    return draw(f"Messages a second {title}", [
        (scenario, [Bar(entry["peer"], entry["messages_per_s"], rate(entry["messages_per_s"]), _colour(entry["peer"]))
                    for entry in medians.find(scenario=scenario, **where)]) for scenario in SCENARIOS])


def _latencies(medians, where, title):
    """Half of the messages, and all but one in a hundred, did not take longer than their bars."""
    def bars(scenario, figure):
        return [Bar(entry["peer"], entry[figure], f"{entry[figure]:.1f} µs", _colour(entry["peer"]))
                for entry in medians.find(scenario=scenario, **where) if figure in entry]

    return draw(f"Latencies {title}", [(f"{scenario}, {name}", bars(scenario, figure)) for scenario in SCENARIOS
                                       for name, figure in (("median", "p50_us"), ("99 %", "p99_us"))])


def _end_to_end(medians):
    every = {"suite": "end-to-end"}
    for cores in medians.values("cores", **every):
        for transport in medians.values("transport", cores=cores, **every):
            for body in medians.values("body", cores=cores, transport=transport, **every):
                where = {**every, "cores": cores, "transport": transport, "body": body}
                place = "one core for client and sink" if cores == 1 else "a core each for client and sink"
                title = f"over {transport}, bodies of {body} bytes, {place}"
                name = f"{transport}-{body}-bytes-{cores}-core{'s' if cores > 1 else ''}"
                yield f"{name}.svg", _throughput(medians, where, title)
                yield f"{name}-latencies.svg", _latencies(medians, where, title)


def _targets(medians):
    bars = []
    for check in checks(medians):
        ratio = (check.wanted, check.measured) if check.at_most else (check.measured, check.wanted)
        share = min(ratio[0] / ratio[1], MOST) if ratio[1] else MOST
        text = f"{number(check.measured)}, {'at most ' if check.at_most else ''}{number(check.wanted)}"
        bars.append(Bar(check.what, share, text, MINE if check.reached else MISSED))
    return draw("What was to be reached", [("how much of it was; yellow: missed", bars)])


def _growth(medians):
    panels = []
    for scenario, key, what in (("pipeline", "window", "in flight"), ("fan", "subscriptions", "subscriptions"),
                                ("deliver", "others", "others")):
        found = medians.find(suite="growth", scenario=scenario, peer="arbalest")
        bars = [Bar(f"{entry[key]} {what}", entry["cpu_s_per_million"], f"{number(entry['cpu_s_per_million'])} µs")
                for entry in found]
        panels.append((f"{scenario}: CPU time of a message", bars))
    return draw("What a message costs with more of everything", panels)


def _scale(medians):
    idle = [Bar(f"{entry['sessions']} sessions", entry["kib_per_session"], f"{number(entry['kib_per_session'], 1)} KiB")
            for entry in medians.find(suite="scale", scenario="idle") if "kib_per_session" in entry]
    threads = [Bar(f"{entry['threads']} threads", entry["messages_per_s"], rate(entry["messages_per_s"]))
               for entry in medians.find(suite="scale", scenario="threads")]
    return draw("Scale", [("Memory of an idle session", idle), ("Confirmed messages a second of 8 sessions", threads)])


def _rabbitmq(medians):
    bodies = medians.values("body", suite="rabbitmq")
    return draw("Messages a second at RabbitMQ", [
        (f"bodies of {body} bytes", [Bar(entry["scenario"], entry["messages_per_s"], rate(entry["messages_per_s"]))
                                     for entry in medians.find(suite="rabbitmq", body=body)]) for body in bodies])


def _micro(medians):
    """Those that speak of bytes, in groups of the same frame; those that do not, beside each other."""
    groups, others = {}, []
    for entry in sorted(medians.find(suite="micro"), key=lambda entry: in_order(entry["scenario"])):
        what, _, frame = entry["scenario"].partition("/")
        if "gb_per_s" in entry:
            text = f"{number(entry['gb_per_s'])} GB/s"
            colour = MINE if "code" in what else FLOOR
            groups.setdefault(frame, []).append(Bar(what, entry["gb_per_s"], text, colour))
        else:
            others.append(Bar(entry["scenario"], entry["ns"], f"{number(entry['ns'], 1)} ns"))
    frames = [(frame, groups[frame]) for frame in sorted(groups, key=in_order)]
    return draw("Small parts", [*frames, ("operations", others)])


def all_charts(medians):
    """(file name, SVG) of every chart."""
    single = (("targets", _targets), ("growth", _growth), ("scale", _scale), ("rabbitmq", _rabbitmq),
              ("micro", _micro))
    for name, drawn in [*_end_to_end(medians), *((f"{name}.svg", make(medians)) for name, make in single)]:
        if drawn:
            yield name, drawn
