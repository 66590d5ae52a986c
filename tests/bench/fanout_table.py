"""The results of fanout.py as rows, the rows as tables in Markdown, and what its pictures show."""
from dataclasses import dataclass, field

import picture
from fanout_cases import CASES, CPU, DETAILS, RATE, GROWTHS
from results import ratio, table

ORDER = ["chat-serve", "bun", "ws", "floor"]
NAMES = {"chat-serve": "chat-serve", "bun": "Bun", "ws": "node ws", "floor": "floor"}

OTHERS_MAX = 0.03  # of a run, by programs that have nothing to do with it


@dataclass
class Measured:
    """A bar and what it came to."""

    against: str
    ratio: float
    least: float
    goal: float
    is_cost: bool

    @property
    def kept(self):
        return self.ratio <= self.least if self.is_cost else self.ratio >= self.least

    @property
    def reached(self):
        return self.ratio <= self.goal if self.is_cost else self.ratio >= self.goal


@dataclass
class Row:
    key: str
    label: str
    unit: str
    is_cost: bool
    figures: dict  # server: median
    bars: list
    group: str = ""
    by_load: list = field(default_factory=list)  # servers whose figure the load generator bounds


def measured(bar, figures, is_cost):
    own, other = figures.get("chat-serve"), figures.get(bar.against) if bar.against else 1
    if own is None or not other:
        return []
    return [Measured(bar.against, own / other, bar.least, bar.goal, is_cost)]


def growth_row(group, cases, median):
    label, bar = GROWTHS[group]
    growths = {}
    for name in ORDER:
        figures = [median(case, name) for case in cases]
        if None not in figures:
            growths[name] = max(figures) / figures[0]
    return Row(f"{group}-growth", label, "largest over first", True, growths, measured(bar, growths, True))


def rows(cases, median, is_bound_by_load):
    result = []
    for case in cases:
        figures = {name: median(case, name) for name in case.servers if median(case, name) is not None}
        bars = [m for bar in case.bars for m in measured(bar, figures, case.is_cost)]
        if figures:
            by_load = [name for name in figures if is_bound_by_load(case, name)]
            result.append(Row(case.key, case.label, case.unit, case.is_cost, figures, bars, case.group, by_load))
    for group in GROWTHS:
        members = [case for case in cases if case.group == group]
        if len(members) == sum(case.group == group for case in CASES):
            result.append(growth_row(group, members, median))
    return result


def missed(cases, table_rows):
    """Returns the cases in which chat-serve misses a bar, or that were not measured."""
    bars = {row.key: row.bars for row in table_rows}
    wanted = {case.key: (case.label, len(case.bars)) for case in cases}
    if any(case.group for case in cases):
        wanted.update({f"{group}-growth": (label, 1) for group, (label, _) in GROWTHS.items()})
    return [label for key, (label, count) in wanted.items()
            if len(bars.get(key, [])) < count or not all(bar.kept for bar in bars.get(key, []))]


def number(value, unit):
    if unit == RATE:
        return f"{value / 1e6:.1f} M" if value >= 1e6 else f"{value / 1e3:.0f} k"
    if unit.startswith("bytes"):
        return f"{value:,.0f}"
    return f"{value:,.2f}" if unit.startswith("largest") else f"{value:,.1f}" if unit == CPU else f"{value:,.0f}"


def cell(row, name):
    if name not in row.figures:
        return ""
    return number(row.figures[name], row.unit) + (" *" if name in row.by_load else "")


def held(bar, value, unit):
    if bar.against:
        return f"{value:.2f} × {NAMES[bar.against]}"
    return f"{value:.2f} ×" if unit.startswith("largest") else number(value, unit)


def bar_cells(row):
    """Measured, at least (a cost: at most), goal; and how it stands."""
    cells = ["", "", ""]
    for at, attribute in enumerate(("ratio", "least", "goal")):
        shown = row.bars if row.bars and (at or row.bars[0].against) else []
        cells[at] = ", ".join(held(bar, getattr(bar, attribute), row.unit) for bar in shown)
    words = ["goal" if bar.reached else "kept" if bar.kept else "missed" for bar in row.bars]
    return cells + [", ".join(words)]


def shown(value):
    return "" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def details(cases, results, group):
    """A table of more figures of a group, or None where it was not measured."""
    title, metrics = DETAILS[group]
    head, rows = [""], []
    for name, _ in metrics:
        head += [f"{name}: chat-serve", "Bun", "ratio"]
    for case in cases:
        if case.group != group or case.key not in {line["case"] for line in results.lines}:
            continue
        row = [case.label]
        for _, metric in metrics:
            ours, bun = (results.median(case.key, name, metric) for name in ("chat-serve", "bun"))
            row += [shown(ours), shown(bun), ratio(ours, bun)]
        rows.append(row)
    return table(title, head, rows) if rows else None


def markdown(table_rows, titles, about, options):
    names = [name for name in ORDER if name in titles]
    head = ["measured", *(NAMES[name] for name in names), "chat-serve is", "held to", "goal", ""]
    main = [[f"{row.label}: {row.unit}", *(cell(row, name) for name in names), *bar_cells(row)] for row in table_rows
            if row.bars or row.group not in DETAILS]
    lines = [table("", head, main)]
    runs = f"medians of {options.rounds} rounds" if options.rounds > 1 else "one round"
    lines += [
        "",
        f"{', '.join(titles[name] for name in names)}; {about['cpu']}, Linux {about['kernel']}, {about['date']}.",
        f"Server on one core, load on another; {runs} (of memory and of listeners beside senders at most 3) of "
        f"{options.time / 1000:g} s, servers interleaved. N members of one channel, S of them senders, each with W "
        "texts of B bytes on the way. The floor does no protocol work. Memory is what the resident set grew by "
        "since the start. Every receiver's count was checked in every run, every receiver's order and content "
        "in a run before.",
    ]
    if any(row.by_load for row in table_rows):
        lines.append("\\* The load generator was the bound: the server can do more.")
    if about["share_of_others"] > OTHERS_MAX:
        lines.append(f"Other programs took up to {about['share_of_others']:.0%} of a run: the figures are only "
                     "indicative.")
    return "\n".join(lines)


# ---- pictures ----


def fan_out_picture(table_rows, about):
    groups = []
    for row in table_rows:
        if row.unit == RATE:
            own = row.figures.get("chat-serve")
            groups.append((row.label, [
                picture.Bar(NAMES[name], row.figures[name], number(row.figures[name], RATE) + (
                    f"  ({own / row.figures[name]:.2g} ×)" if own and name != "chat-serve" else ""),
                    picture.OURS if name == "chat-serve" else picture.OTHER)
                for name in ORDER if name in row.figures]))
    return groups and picture.bars("Fan-out: deliveries/s of one core",
                                   f"{about['cpu']}; more is better; (×): chat-serve's of it", groups)


def latency_picture(cases, results):
    programs = {}
    for name in ("chat-serve", "bun"):
        for title, metric in DETAILS["latency"][1][:3]:
            points = [(results.median(case.key, name, "rate") * 200, results.median(case.key, name, metric))
                      for case in cases if case.group == "latency" and results.values(case.key, name, metric)]
            if points:
                programs.setdefault(NAMES[name], {})[title] = points
    return programs and picture.lines("Latency by load, 200 members", "from when a text was due; less is better",
                                      "deliveries/s that were due", "µs", programs)


def memory_picture(table_rows):
    groups = [(row.label, [picture.Bar(NAMES[name], row.figures[name], f"{row.figures[name]:,.0f}",
                                       picture.OURS if name == "chat-serve" else picture.OTHER)
                           for name in ORDER if name in row.figures])
              for row in table_rows if row.group == "memory"]
    return groups and picture.bars("Memory of an idle connection: bytes", "resident; less is better", groups)
