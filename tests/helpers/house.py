"""Checks the rules of the house that a grep cannot check: house.py RULE prints a line for each place that breaks it.

	circles    no file includes itself by way of others; a .c and its .h count as one file
	layers     a folder includes only folders that lie below it
	includes   an #include is written from lib or cmd on, and has its place
	pointers   a pointer is tested as `if (p)`, without NULL
	sizes      sizeof has parentheses and, in an allocation, names an object
	statics    a function of one file has a plain name, and one that libuv calls is named on_something
	comments   a comment is a sentence and does not begin with a question word
	lengths    a file has at most FILE_LINES lines, a function FUNCTION_LINES
"""
import glob
import os
import re
import sys

FILE_LINES, FUNCTION_LINES = 450, 40
ROOTS = "lib", "cmd"

# Each folder with those that it may include, beside itself.
LIB = ["chat", "text", "message", "command", "wire"]
CLIENT = LIB + ["client", "common"]
LAYERS = {
    "chat": [],
    "text": ["chat"],
    "message": ["chat", "text"],
    "command": ["chat", "text"],
    "wire": ["chat", "text"],
    "validate": LIB,
    "client": ["chat", "text", "message", "wire"],
    "common": LIB + ["client"],
    "send": CLIENT,
    "listen": CLIENT,
}
SERVER = [("util", "web"), "frame", ("net", "journal"), "channel", ("session", "cluster"), "monitor", ""]  # from the ground up


def add_server():
    below = list(LIB)
    for level in SERVER:
        names = level if isinstance(level, tuple) else (level,)
        folders = [os.path.join("serve", name).rstrip("/") for name in names]
        LAYERS.update({folder: list(below) for folder in folders})
        below += folders


add_server()


def sources(*roots):
    found = [path for root in roots for path in glob.glob(root + "/**/*.[ch]", recursive=True)]
    return {path: open(path).read() for path in sorted(found)}


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def blanked(text, comments=True, strings=True):
    """The text with the same lines, and blanks in place of its comments and of what its strings hold."""

    def blank(match):
        keep = not comments if match[0].startswith("/") else not strings
        return match[0] if keep else re.sub(r"[^\n]", " ", match[0])

    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', blank, text, flags=re.S)


def included(text):
    return re.findall(r'^#include "([^"]+)"', text, re.M)


def stem(path):
    """Returns the name that a .c and its .h share, as an #include writes it."""
    return re.sub(r"^(lib|cmd)/", "", path.rsplit(".", 1)[0])


def exists(name):
    """There is a header that #include finds by this name."""
    return any(os.path.exists(os.path.join(root, name)) for root in ROOTS)


# ---- who includes whom ----


def graph(texts):
    header = {}  # from the words of an #include to the file that it is part of
    for path in texts:
        header[stem(path) + ".h"] = stem(path)
    return {
        one: sorted({header.get(name, name) for path in texts if stem(path) == one for name in included(texts[path])} - {one})
        for one in {stem(path) for path in texts}
    }


def circles(texts):
    edges = graph(texts)
    state = {}  # 1: on the way, 2: seen

    def visit(one, way):
        state[one] = 1
        for other in edges.get(one, []):
            if state.get(other) == 1:
                yield " -> ".join(way[way.index(other):] + [other])
            elif other not in state:
                yield from visit(other, way + [other])
        state[one] = 2

    for one in sorted(edges):
        if one not in state:
            yield from visit(one, [one])


def layers(texts):
    for path, text in texts.items():
        folder = os.path.dirname(stem(path))
        if not folder:
            continue  # a main wires everything
        for name in included(text):
            other = os.path.dirname(name)
            if other != folder and other not in LAYERS.get(folder, []):
                yield "%s: %s" % (path, name)


def own_header(path):
    """The header that a .c defines: the one beside it, or one of the library's public ones."""
    beside, public = stem(path) + ".h", "chat/" + os.path.basename(stem(path)) + ".h"
    return next((name for name in (beside, public) if path.endswith(".c") and exists(name)), None)


def include_groups(text):
    """The groups, apart by blank lines, of the first #includes of a file."""
    block = re.search(r"(?:^#include [^\n]*\n+)+", blanked(text, strings=False), re.M)
    return [group.split("\n") for group in re.split(r"\n\n+", block[0].strip())] if block else []


def includes(texts):
    for path, text in texts.items():
        for name in included(text):
            if "/" not in name or not (exists(name) or exists(name.removesuffix(".inc").removesuffix(".gz"))):
                yield "%s: %s is not written from lib or cmd on" % (path, name)
        groups = include_groups(text)
        own = [group for group in groups if own_header(path) in [re.sub(r'.*"(.*)"', r"\1", line) for line in group]]
        if own and groups.index(own[0]) > 0 or own and len(own[0]) > 1:
            yield "%s: its own header comes first, alone" % path
        if path.endswith(".c") and len(groups) > 1 and len(groups[0]) == 1 and groups[0][0][9] == '"':
            del groups[0]  # its own, or one that it shares with others
        kinds = ["".join(sorted({line[9] for line in group})) for group in groups]
        if kinds not in (["<", '"'], ["<"], ['"'], []):
            yield "%s: system headers, a blank line, ours" % path
        if any(group != sorted(group) for group in groups):
            yield "%s: not in order" % path


# ---- how it is written ----


def conditions(text):
    """Where if, while and for have their parentheses: (position, what is in them)."""
    for match in re.finditer(r"\b(if|while|for) \(", text):
        depth, at = 1, match.end()
        while depth and at < len(text):
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            at += 1
        yield match.start(), text[match.end():at - 1]


def without_calls(text):
    """A condition without the arguments of the functions that it calls."""
    less = re.sub(r"\b(\w+)\([^()]*\)", lambda call: call[1] + " " * (len(call[0]) - len(call[1])), text)
    return less if less == text else without_calls(less)


def pointers(texts):
    for path, text in texts.items():
        code = blanked(text)
        wrong = {match.start() for match in re.finditer(r"== NULL|NULL [!=]=", code)}
        wrong |= {at for at, inner in conditions(code) if "!= NULL" in without_calls(inner)}
        wrong |= {match.start() for match in re.finditer(r"!= NULL(?= \?| &&| \|\|)|(&&|\|\|) [^;,()&|]*!= NULL", code)}
        for number in sorted({line_of(code, at) for at in wrong}):
            yield "%s:%d: %s" % (path, number, text.split("\n")[number - 1].strip())


def sizes(texts):
    for path, text in texts.items():
        for number, line in enumerate(blanked(text).split("\n"), 1):
            if re.search(r"\bsizeof\b(?!\()", line) or re.search(r"\w = chat_\w*alloc\w*\(.*sizeof\((struct |[a-z0-9_]+_t\b|char\b|int\b)", line):
                yield "%s:%d: %s" % (path, number, line.strip())


CALLED = [  # by libuv, by what is handed to these
    r"uv_poll_start\([^,]*, [^,]*, (\w+)\)",
    r"uv_(?:timer|idle|prepare|check|signal)_start\([^,]*, (\w+)",
    r"uv_async_init\([^,]*, [^,]*, (\w+)\)",
    r"uv_queue_work\([^;]*, (\w+)\);",
    r"uv_close\([^;]*, (\w+)\);",
]


def statics(texts):
    for path, text in texts.items():
        code = re.sub(r"__attribute__ *\(\(.*?\)\)", lambda match: " " * len(match[0]), blanked(text))
        if path.endswith(".h"):
            continue
        for match in re.finditer(r"^static [^;={}()]*\b(\w+)\(", code, re.M):
            if not re.fullmatch(r"(?!chat_)[a-z][a-z0-9]*(_[a-z0-9]+)*", match[1]):
                yield "%s:%d: %s" % (path, line_of(code, match.start(1)), match[1])
        for match in (match for pattern in CALLED for match in re.finditer(pattern, code)):
            if match[1] != "NULL" and not match[1].startswith("on_"):
                yield "%s:%d: libuv calls %s, which is not on_something" % (path, line_of(code, match.start()), match[1])


def comments(texts):
    for path, text in texts.items():
        for match in re.finditer(r"/\*[\s*]*(Whether|What|Where|How|Why|Who|Whom|Whose|Whoever|Whatever)\b[^\n]*", blanked(text, comments=False)):
            yield "%s:%d: %s" % (path, line_of(text, match.start()), match[0].strip())


def functions(text):
    """(name, lines) of each function that is defined."""
    name, begin = None, None
    for number, line in enumerate(text.split("\n"), 1):
        if re.match(r"[a-zA-Z_].*\(", line) and not line.endswith(";"):
            name = re.sub(r".*[ *]", "", line.split("(")[0])
        if line == "{":
            begin = number
        elif line.startswith("}") and begin:
            yield name, number - begin - 1
            begin = None


def lengths(texts):
    for path, text in texts.items():
        if text.count("\n") > FILE_LINES:
            yield "%s: %d lines" % (path, text.count("\n"))
        for name, lines in functions(text):
            if lines > FUNCTION_LINES:
                yield "%s: %s has %d lines" % (path, name, lines)


STRUCTURE = circles, layers, includes, statics, lengths  # of lib and cmd
DIALECT = pointers, sizes, comments  # of the tests, too

if __name__ == "__main__":
    rule = {rule.__name__: rule for rule in STRUCTURE + DIALECT}[sys.argv[1]]
    print("\n".join(rule(sources(*ROOTS, *(["tests"] if rule in DIALECT else [])))), end="")
