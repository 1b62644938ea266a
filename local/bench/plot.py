"""Results as a picture: `docs/performance.svg`, bars drawn by hand so that nothing has to be installed."""

from statistics import median

from local.bench.measure import RELAY, SCHEMES, Results, ways_for
from local.bench.report import sizes

WIDTH = 760
LABEL_X = 200
UNIT_X = 380  # pixels for a ratio of 1
BAR_HEIGHT = 16
GROUP_GAP = 14
TOP = 52
COLOURS = {
    "relay": "#9aa0a6",
    "ours": "#1a73e8",
    "unhashed": "#a8c7fa",
    "obstore": "#188038",
    "official": "#e8710a",
    "stream": "#d93025",
}
STYLE = "font: 12px system-ui, sans-serif; fill: #202124"


def picture(results: Results) -> str:
    """One group of bars for each source and size, as long as the throughput is relative to the relay's."""
    drawn: list[str] = []
    y = TOP
    for scheme in SCHEMES:
        for mib in sizes(results):
            drawn.append(text(8, y + BAR_HEIGHT - 4, f"{scheme}, {mib:,} MiB", bold=True))
            for way in ways_for(scheme, mib):
                drawn += bar(results, scheme, mib, way, y)
                y += BAR_HEIGHT + 2
            y += GROUP_GAP
    line = (
        f'<line x1="{LABEL_X + UNIT_X}" y1="{TOP - 8}" x2="{LABEL_X + UNIT_X}" y2="{y - GROUP_GAP}" stroke="#5f6368"/>'
    )
    title = text(8, 22, "Throughput, relative to curl | curl, which hashes and checks nothing", bold=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" viewBox="0 0 {WIDTH} {y}">\n'
        f'<rect width="{WIDTH}" height="{y}" fill="#ffffff"/>\n' + "\n".join([title, *drawn, line]) + "\n</svg>\n"
    )


def bar(results: Results, scheme: str, mib: int, way: str, y: int) -> list[str]:
    ratio = results.ratio(scheme, mib, way, RELAY)
    growth = median(sample.growth_mib for sample in results.of(way, scheme, mib))
    said = f"{ratio:.2f}" if way == RELAY else f"{ratio:.2f} · memory +{growth:,.0f} MiB"
    length = max(1.0, ratio * UNIT_X)
    return [
        text(128, y + BAR_HEIGHT - 4, way),
        f'<rect x="{LABEL_X}" y="{y}" width="{length:.1f}" height="{BAR_HEIGHT}" fill="{COLOURS[way]}"/>',
        text(LABEL_X + length + 6, y + BAR_HEIGHT - 4, said),
    ]


def text(x: float, y: float, words: str, *, bold: bool = False) -> str:
    weight = "; font-weight: 600" if bold else ""
    return f'<text x="{x:.0f}" y="{y:.0f}" style="{STYLE}{weight}">{words}</text>'
