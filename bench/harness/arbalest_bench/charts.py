"""Bar charts as SVG."""

from html import escape

from .tables import SCENARIOS, rate

WIDTH, LABEL, BAR, GAP, PANEL_GAP = 760, 130, 16, 4, 34
COLOURS = {"arbalest": "#b5482a", "floor": "#9aa5b1"}
PEER_COLOUR = "#4a7fb0"


def _colour(peer):
    return COLOURS.get(peer.split(":")[0], PEER_COLOUR)


def _panel(top, title, bars):
    """One scenario: a bar for each contender, its length in proportion to the largest."""
    longest = max(value for _, value in bars)
    parts = [f'<text x="0" y="{top + 12}" class="title">{escape(title)}</text>']
    y = top + 20
    for name, value in bars:
        length = max(1.0, (WIDTH - LABEL - 90) * value / longest)
        middle = y + BAR - 4
        parts.append(f'<text x="{LABEL - 8}" y="{middle}" text-anchor="end">{escape(name)}</text>')
        parts.append(f'<rect x="{LABEL}" y="{y}" width="{length:.1f}" height="{BAR}" fill="{_colour(name)}"/>')
        parts.append(f'<text x="{LABEL + length + 6:.1f}" y="{middle}">{rate(value)}</text>')
        y += BAR + GAP
    return "\n".join(parts), y + PANEL_GAP - GAP


def chart(medians, cores, transport, body):
    """Throughput in all scenarios at one place; None where nothing was measured."""
    where = {"suite": "end-to-end", "cores": cores, "transport": transport, "body": body}
    panels, top = [], 34
    for scenario in SCENARIOS:
        bars = [(entry["peer"], entry["messages_per_s"]) for entry in medians.find(scenario=scenario, **where)]
        if bars:
            panel, top = _panel(top, scenario, bars)
            panels.append(panel)
    if not panels:
        return None
    place = "one core for client and sink" if cores == 1 else "a core each for client and sink"
    title = f"Messages a second over {transport}, bodies of {body} bytes, {place}"
    style = "text{font:12px sans-serif;fill:#222}.title{font-weight:bold}"
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top}" viewBox="0 0 {WIDTH} {top}">\n'
            f"<style>{style}</style>\n"
            f'<rect width="{WIDTH}" height="{top}" fill="#fff"/>\n'
            f'<text x="0" y="14" class="title">{escape(title)}</text>\n' + "\n".join(panels) + "\n</svg>\n")


def all_charts(medians):
    """(file name, SVG) of every chart."""
    every = {"suite": "end-to-end"}
    for cores in medians.values("cores", **every):
        for transport in medians.values("transport", cores=cores, **every):
            for body in medians.values("body", cores=cores, transport=transport, **every):
                drawn = chart(medians, cores, transport, body)
                if drawn:
                    yield f"{transport}-{body}-bytes-{cores}-core{'s' if cores > 1 else ''}.svg", drawn
