"""Draws results as SVG: bars in groups, and lines over a logarithmic scale."""
import math
from dataclasses import dataclass
from xml.sax.saxutils import escape

OURS, VARIANT, OTHER = "#1d4ed8", "#93b4f5", "#9ca3af"  # colours of bars: chat's, chat's in another way, others'
LINES = ["#1d4ed8", "#d97706", "#4d7c0f", "#9ca3af"]  # of the programs in a picture of lines
DASHES = ["", "6 3", "2 3"]
WIDTH, LEFT, BARS, LONGEST = 760, 16, 210, 420  # where bars begin, and the longest of them
TOP, STEP, HEAD = 46, 30, 26  # where the first bar is, from one bar to the next, the label of a group
PLOT = (70, 60, 530, 300)  # of lines: left, top, width, height


@dataclass
class Bar:
    label: str
    value: float
    words: str  # beside the bar
    colour: str = OTHER


def text(x, y, words, size=13, colour="#374151", more=""):
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="{colour}"{more}>{escape(words)}</text>'


def page(title, note, height, body):
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        f'font-family="system-ui, sans-serif" role="img" aria-label="{escape(title)}">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        text(LEFT, 28, title, 16, "#111827", ' font-weight="bold"'),
        text(WIDTH - LEFT, 28, note, 12, "#6b7280", ' text-anchor="end"'),
        *body]) + "\n</svg>\n"


def bars(title, note, groups):
    """groups: pairs of a label, empty for none, and bars, which are drawn to the scale of their group."""
    body, y = [], TOP
    for label, group in groups:
        longest = max(bar.value for bar in group) or 1
        if label:
            body.append(text(LEFT, y + 16, label, 13, "#111827", ' font-weight="bold"'))
            y += HEAD
        for bar in group:
            length = max(1, round(LONGEST * bar.value / longest))
            body += [text(LEFT, y + 15, bar.label),
                     f'<rect x="{BARS}" y="{y}" width="{length}" height="20" rx="2" fill="{bar.colour}"/>',
                     text(BARS + 8 + length, y + 15, bar.words, 13, "#111827")]
            y += STEP
    return page(title, note, y + 18, body)


# ---- lines ----


def short(value):
    """A number of an axis: 20 k, 3 M."""
    for unit, name in ((1e6, " M"), (1e3, " k")):
        if value >= unit:
            return f"{value / unit:g}{name}"
    return f"{value:g}"


def decades(values):
    return math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))


def axes(x_most, y_range, x_name, y_name):
    left, top, width, height = PLOT
    low, high = y_range
    body = [text(left, top - 10, y_name, 12, "#6b7280"),
            text(left + width, top + height + 36, x_name, 12, "#6b7280", ' text-anchor="end"')]
    for power in range(low, high + 1):
        y = round(top + height * (high - power) / (high - low))
        body += [f'<path d="M{left} {y}h{width}" stroke="#e5e7eb"/>',
                 text(left - 8, y + 4, short(10.0 ** power), 12, "#6b7280", ' text-anchor="end"')]
    for part in range(5):
        x = left + width * part // 4
        body.append(text(x, top + height + 18, short(float(f"{x_most * part / 4:.2g}")), 12, "#6b7280",
                         ' text-anchor="middle"'))
    return body


def lines(title, note, x_name, y_name, programs):
    """programs: name: metric: points (x, y). A program has a colour, a metric a dash; y is logarithmic."""
    left, top, width, height = PLOT
    points = [point for metrics in programs.values() for series in metrics.values() for point in series]
    x_most = max(x for x, _ in points)
    low, high = decades([y for _, y in points])
    high += low == high
    body, key = axes(x_most, (low, high), x_name, y_name), 0
    for (program, metrics), colour in zip(programs.items(), LINES):
        for (metric, series), dash in zip(metrics.items(), DASHES):
            at = [f"{left + width * x / x_most:.0f},{top + height * (high - math.log10(y)) / (high - low):.0f}"
                  for x, y in sorted(series)]
            stroke = f'stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}" fill="none"'
            y = top + 12 + 20 * key
            body += [f'<polyline points="{" ".join(at)}" {stroke}/>',
                     f'<path d="M{left + width + 14} {y}h22" {stroke}/>',
                     text(left + width + 42, y + 4, f"{program} {metric}", 12)]
            key += 1
    return page(title, note, top + height + 50, body)
