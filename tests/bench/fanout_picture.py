"""Draws the results of fanout.py: a group of bars for each case, each bar as long as its figure."""
from xml.sax.saxutils import escape

from fanout_table import NAMES, ORDER, number

COLOURS = {"chat-serve": "#1d4ed8", "bun": "#d97706", "ws": "#4d7c0f", "floor": "#9ca3af"}
WIDTH, LEFT, BARS = 960, 24, 600  # pixels; BARS is the longest
BAR, GAP, HEAD = 18, 4, 26


def text(x, y, words, size=13, weight="normal", colour="#111827"):
    return f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" fill="{colour}">{escape(words)}</text>'


def versus(row, name):
    """How a figure of chat-serve stands to Bun's."""
    other = row.figures.get("bun")
    if name != "chat-serve" or not other or row.unit.startswith("largest"):
        return ""
    share = row.figures[name] / other
    return f"  ({share:.2g}× Bun's)" if row.is_cost else f"  ({share:.1f}× Bun)"


def group(row, y):
    """The lines of one case from y on, and where it ends."""
    kind = "less is better" if row.is_cost else "more is better"
    lines = [text(LEFT, y + 16, row.label, 14, "bold"),
             f'<text x="{WIDTH - LEFT}" y="{y + 16}" font-size="12" fill="#6b7280" text-anchor="end">'
             f'{escape(row.unit)}; {kind}</text>']
    longest = max(row.figures.values()) or 1
    y += HEAD
    for name in ORDER:
        if name not in row.figures:
            continue
        value = max(row.figures[name], 0)
        length = max(1, round(BARS * value / longest))
        lines.append(text(LEFT, y + 14, NAMES[name], 12, colour="#374151"))
        lines.append(f'<rect x="{LEFT + 84}" y="{y}" width="{length}" height="{BAR}" rx="2" '
                     f'fill="{COLOURS[name]}"/>')
        lines.append(text(LEFT + 92 + length, y + 14, number(row.figures[name], row.unit) + versus(row, name), 12,
                          "bold" if name == "chat-serve" else "normal"))
        y += BAR + GAP
    return lines, y + 14


def draw(rows, titles, about):
    lines = [text(LEFT, 36, "chat-serve and others, one core each", 20, "bold"),
             text(LEFT, 58, f"{', '.join(titles[n] for n in ORDER if n in titles)}; {about['cpu']}, "
                  f"{about['date']}", 12, colour="#6b7280")]
    y = 80
    for row in rows:
        more, y = group(row, y)
        lines += more
    body = "\n".join(lines)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" viewBox="0 0 {WIDTH} {y}" '
            f'font-family="system-ui, sans-serif" role="img" aria-label="chat-serve measured against other servers">\n'
            f'<rect width="{WIDTH}" height="{y}" fill="#ffffff"/>\n{body}\n</svg>\n')
