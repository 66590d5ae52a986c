"""Runs a command under valgrind's callgrind, and reads what it has counted.

Only the command's own object counts: which variant of memcpy(3) a C library selects depends on the processor and on the
release, and is not ours. What the command asks of others is counted as its calls of them.
"""
import collections
import os
import re

VALGRIND = ["valgrind", "-q", "--tool=callgrind", "--log-file=/dev/null"]

Count = collections.namedtuple("Count", "instructions calls callees")


def command(out, options, arguments):
    """The command line; what is counted goes to the file out, and to out.1, out.2… at each dump."""
    return [*VALGRIND, "--callgrind-out-file=" + out, *options, *map(str, arguments)]


class Names:
    """Names that are written once, as (number) name, and then as (number)."""

    def __init__(self):
        self.known = {}

    def of(self, text):
        number, name = re.fullmatch(r"\((\d+)\)(?: (.*))?", text).groups()
        if name is not None:
            self.known[number] = name
        return self.known[number]


def read(path, program):
    """Returns the Count of an output file: the instructions in the program's own object, its calls of other objects
    in all, and by the name of what is called.
    """
    objects, functions = Names(), Names()
    instructions, callees = 0, collections.Counter()
    here, there, callee, is_call = None, None, None, False
    with open(path) as lines:
        for line in map(str.rstrip, lines):
            key, _, value = line.partition("=")
            if key == "ob":
                here = objects.of(value)
            elif key == "cob":
                there = objects.of(value)
            elif key in ("fn", "cfn"):
                name = functions.of(value)
                callee = name if key == "cfn" else callee
            elif key == "calls":
                is_call = True
                if os.path.basename(here) == program and there not in (None, here):
                    callees[callee] += int(value.split()[0])
                there = None
            elif re.match(r"[+*\d-]", line):
                if os.path.basename(here or "") == program and not is_call:
                    instructions += int(line.split()[1]) if " " in line else 0
                is_call = False
    return Count(instructions, sum(callees.values()), callees)
