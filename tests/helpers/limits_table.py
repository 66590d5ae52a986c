"""The rows of the table LIMITS of chat-serve(1). Usage: limits_table.py names|defaults|words|cases, which prints what
is wrong with the table.

The name of a row is its option or, where it has none, what it bounds. Each row is held by cases that name it: they
have @limits("--max-message") below @case(...).
"""
import functools
import glob
import re
import subprocess
import sys

import peer

PAGE, PROTOCOL, CONFIG = "man/chat-serve.1", "man/chat-protocol.7", "cmd/serve/config"
BOUNDS = ("N", "SIZE", "TIME")  # arguments of options that bound something
UNITS = {"": 1, "k": 1 << 10, "M": 1 << 20, "G": 1 << 30, "ms": 1, "s": 1000, "m": 60000}
SCALES = {"KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30, "SECOND": 1000, "MINUTE": 60000, "DAY": 86400000}


def read(path):
    with open(path) as file:
        return file.read()


def section(page, name):
    return re.search(r"^\.S[hs] %s\n(.*?)(?=^\.Sh |\Z)" % name, read(page), re.M | re.S)[1]


def number(text):
    amount, unit = re.fullmatch(r"(\d+)([a-zA-Z]*)", text).groups()
    return int(amount) * UNITS[unit]


def items(page, name):
    """The first cell of each row of the tables of a section, and that of each item of its lists."""
    return {item.split(" Ta ")[0].replace("+ ", "") for item in re.findall(r"^\.It (?:Cm )?(.*)", section(page, name), re.M)}


ERRORS = items(PROTOCOL, "ERROR CODES")
STATUSES = items(PROTOCOL, "CONNECTING")
CLOSES = items(PROTOCOL, "CLOSE CODES")
PROPERTIES = items(PROTOCOL, "MESSAGES OF THE CLIENT") | items(PROTOCOL, "MESSAGES OF THE SERVER")
PROPERTIES |= set(re.findall(r"^\.Ss (\w+)$", read(PROTOCOL), re.M))
PROPERTIES |= {name.split(".")[-1] for name in PROPERTIES}


class Row:
    def __init__(self, option, default, text):
        self.default = default
        self.text = " ".join(text.replace("\n", " ").split())
        self.name = "-" + option[3:] if option.startswith("Fl ") else self.text.split(":")[0]
        words = re.findall(r"\.Cm (\S+)", self.text)
        self.errors = {word for word in words if word in ERRORS}
        self.others = set(words) - self.errors - {"No"}
        self.statuses = set(re.findall(r"\b[45]\d\d\b", self.text))
        self.closes = set(re.findall(r"\bClose (\d+)", self.text))

    def told(self):
        """All that a peer beyond this limit is told, as Peer notes it."""
        return self.errors | self.statuses | {"Close " + code for code in self.closes}


def rows():
    cells = re.findall(r"^\.It (Fl \S+|\\-) Ta (\S+) Ta (.*?)(?=^\.It |^\.El)", section(PAGE, "LIMITS"), re.M | re.S)
    return [Row(*one) for one in cells]


def options():
    """Of --help: those that bound something, with their defaults as said there. Those of the cluster bound no peer."""
    text = subprocess.run(["chat-serve", "--help"], stdout=subprocess.PIPE, check=True).stdout.decode()
    found = re.findall(r"^ +(?:-\w, )?(--[a-z-]+)=(%s)\s(.*?)(?=^ +-|^\S|\Z)" % "|".join(BOUNDS), text, re.M | re.S)
    return {name: re.findall(r"\((\S+?)[ )]", " ".join(text.split()))[-1:] for name, _, text in found
            if not name.startswith("--cluster-")}  # fmt: skip


def evaluated(text):
    """20, ((int64_t)1 << 20)"""
    amount, shift = re.fullmatch(r"\(?(?:\(int64_t\))?(\d+)(?: << (\d+))?\)?", text).groups()
    return int(amount) << int(shift or 0)


def configured():
    """The defaults in the code, by option."""
    source, header = read(CONFIG + ".c"), read(CONFIG + ".h")
    values = dict(re.findall(r"^\t\.([\w.]+) = ([-\w *]+),$", source, re.M))
    fields = re.findall(r'"([a-z-]+)",\s*CHAT_OPT_(?:SIZE|NUMBER|DURATION),\s*AT\(([\w.]+)\)', source)
    opens = dict(re.findall(r"define CONFIG_OPEN_(\w+) (.+)$", header, re.M))  # where others can connect
    found = {}
    for option, field in fields:
        amount, _, scale = values.get(field, "0").partition(" * ")
        found["--" + option] = int(amount) * SCALES[scale] if scale else int(amount)
    return {option: evaluated(opens[option[2:].upper().replace("-", "_")]) if value < 0 else value for option, value in found.items()}


def limits(*names, also=()):
    """The case is about these rows: its peers are told what they say and, but for `also`, nothing else."""

    def mark(function):
        @functools.wraps(function)
        def run(*server):
            expected = set(also).union(*(row.told() for row in rows() if row.name in names))
            peer.told.clear()
            function(*server)
            assert peer.told == expected, "LIMITS says %r, the peers were told %r" % (expected, peer.told)

        return run

    return mark


def cases():
    """The rows that cases name."""
    source = "".join(read(path) for path in glob.glob("tests/e2e/*.py"))
    marks = re.findall(r"^@limits\((.*?)\)$", source, re.M | re.S)
    return {name for mark in marks for name in re.findall(r'"([^"]+)"', mark.split("also=")[0])}


def wrong_names(table):
    names = [row.name for row in table]
    yield from ("%s: there are two rows" % name for name in set(names) if names.count(name) > 1)
    bounds = set(options())
    yield from ("%s: no row" % name for name in bounds - set(names))
    yield from ("%s: no such option" % name for name in names if name.startswith("--") and name not in bounds)
    yield from ("%s: no default of it is found in the code" % name for name in bounds - set(configured()))


def wrong_defaults(table):
    helped, coded, listed = options(), configured(), section(PAGE, "OPTIONS")
    for row in table:
        if row.name not in helped or row.name not in coded:
            continue
        if helped[row.name] != [row.default]:
            yield "%s: %s, but --help says %r" % (row.name, row.default, helped[row.name])
        if number(row.default) != coded[row.name]:
            yield "%s: %s, but the code says %d" % (row.name, row.default, coded[row.name])
        item = re.search(r"^\.It .*Fl -?%s Ns .*?(?=^\.It |^\.El)" % row.name[1:], listed, re.M | re.S)
        if not item or not re.search(r"(\(|Pq )%s\b" % row.default, item[0]):
            yield "%s: %s, but OPTIONS does not say so" % (row.name, row.default)


def wrong_words(table):
    for row in table:
        for name in sorted(row.others - PROPERTIES):
            yield "%s: %s is nothing that chat-protocol(7) explains" % (row.name, name)
        for code in sorted((row.statuses - STATUSES) | (row.closes - CLOSES)):
            yield "%s: %s is not in chat-protocol(7)" % (row.name, code)


def without_case(table):
    names = {row.name for row in table}
    yield from ("%s: no case has it" % name for name in sorted(names - cases()))
    yield from ("%s: a case has it, but it is no row" % name for name in sorted(cases() - names))


if __name__ == "__main__":
    check = {"names": wrong_names, "defaults": wrong_defaults, "words": wrong_words, "cases": without_case}[sys.argv[1]]
    sys.exit("\n".join(check(rows())) or 0)
