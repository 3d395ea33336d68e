#!/usr/bin/env python3
"""layers.py [--print]: that no file uses a layer that its own may not use, and that no more than two files use one another
in a circle by their calls. From the text of src/; seconds. --print: the table as doc/code.md has it."""
import argparse
import collections
import pathlib
import re
import sys

# The folders of src/ in the order of the data: what each is there for, and which others it may use.
LAYERS = {
    "base": ("errors that all ranks agree on, console, clock, random numbers, the machine", ""),
    "dist": ("process grid, block-cyclic matrices; `scalapack.c` alone knows Fortran and BLACS", "base"),
    "kernel": ("dual activations and the recursion over layers, on tiles; no MPI", "base"),
    "gram": ("points on the ranks that need them; tiles of κ and Θ", "base dist kernel"),
    "linalg": ("factor, solve, condition, log-determinant; knows no kernels", "base dist"),
    "inference": ("the quantities, in double and in mixed precision; metrics", "base dist kernel gram linalg"),
    "sampling": ("draws", "base dist kernel gram linalg"),
    "certificate": ("hypothesis tests on draws", "base dist kernel gram linalg inference sampling"),
    "config": ("keys, defaults, ranges; YAML in and out", "base kernel sampling"),
    "finite": ("networks of finite width, trained", "base kernel config"),
    "data": ("CSV, NPY, HDF5 in", "base kernel gram config"),
    "results": ("`results.h5`, and all files in place at once", "base dist linalg"),
    "checkpoint": ("the state of a run in files: format, policy, locks, requests to stop",
                   "base dist gram linalg inference sampling config"),
    "cost": ("bytes and seconds of a run before it starts",
             "base dist kernel gram linalg inference sampling certificate config data checkpoint"),
    "pipeline": ("one file a phase",
                 "base dist kernel gram linalg inference sampling certificate config finite data results checkpoint "
                 "cost"),
    "cli": ("`main`, the table of commands, one file a command", "base pipeline"),
}
# The folder that a header of include/widelimit belongs to.
PUBLIC = {"error": "base", "version": "base", "quantity": "base", "grid": "dist", "matrix": "dist", "factor": "linalg",
          "network": "kernel", "points": "gram", "model": "inference", "sample": "sampling", "certify": "certificate"}
LONGEST_CIRCLE = 2

root = pathlib.Path(__file__).resolve().parent.parent


def strip(text):
    """Without comments and strings, so that words in them are no calls."""
    return re.sub(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', " ", text, flags=re.S)


def unit(path):
    """A source and its header are one: base/error."""
    return str(path.relative_to(root / "src").with_suffix(""))


def read_sources():
    files = [p for p in sorted((root / "src").rglob("*")) if p.suffix in (".c", ".h", ".inc")]
    return {p: p.read_text(encoding="utf-8") for p in files}


def defined_functions(sources):
    """Global functions by the unit that defines them. A name that several units define (a text compiled twice) is none."""
    where = collections.defaultdict(set)
    pattern = re.compile(r"^(?!static\b|typedef\b|#)[A-Za-z_][\w \*]*?\b(wl_\w+)\s*\([^;{}]*\)\s*\{", re.M)
    for path, text in sources.items():
        if path.suffix != ".h":
            for name in pattern.findall(strip(text)):
                where[name].add(unit(path))
    return {name: units.pop() for name, units in where.items() if len(units) == 1}


def find_uses(sources):
    """(unit, unit) -> the functions of the second that the first names; (unit, unit or layer) -> the headers that it includes."""
    functions = defined_functions(sources)
    calls, includes = collections.defaultdict(set), collections.defaultdict(set)
    for path, text in sources.items():
        here = unit(path)
        for header in re.findall(r'^#include "([^"]+)"', text, re.M):
            folder, _, name = header.rpartition("/")
            if folder == "widelimit":
                public = PUBLIC.get(name.removesuffix(".h"))
                if public:
                    includes[here, public].add(header)
            elif (root / "src" / header).exists() and unit(root / "src" / header) != here:
                includes[here, unit(root / "src" / header)].add(header)
        if path.suffix == ".h":
            continue
        for name in set(re.findall(r"\bwl_\w+", strip(text))):
            there = functions.get(name, here)
            if there != here:
                calls[here, there].add(name)
    return calls, includes


def broken_layers(calls, includes):
    for (here, there), names in sorted(list(calls.items()) + list(includes.items())):
        low, high = there.split("/")[0], here.split("/")[0]
        if low != high and low not in LAYERS[high][1].split():
            yield f"{here} uses {there} ({', '.join(sorted(names)[:3])}), which {high} may not"


def circles(calls):
    """Strongly connected components [Tarjan 1972], longest first."""
    graph = collections.defaultdict(set)
    for here, there in calls:
        graph[here].add(there)
    index, low, stack, found = {}, {}, [], []

    def visit(v):
        index[v] = low[v] = len(index)
        stack.append(v)
        for w in sorted(graph[v]):
            if w not in index:
                visit(w)
            if w in stack:
                low[v] = min(low[v], low[w])
        if low[v] == index[v]:
            at = stack.index(v)
            found.append(stack[at:])
            del stack[at:]

    for v in sorted(graph):
        if v not in index:
            visit(v)
    return [c for c in found if len(c) > LONGEST_CIRCLE]


def table():
    lines = ["| folder in `src/` | the one job | uses |", "| --- | --- | --- |"]
    for name, (job, below) in LAYERS.items():
        lines.append(f"| `{name}` | {job} | {' '.join(f'`{b}`' for b in below.split()) or 'nothing'} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--print", action="store_true", help="the table of layers, for doc/code.md")
    if parser.parse_args().print:
        print(table(), end="")
        return 0
    sources = read_sources()
    folders = {p.relative_to(root / "src").parts[0] for p in sources}
    problems = [f"{name} is not in the table of layers" for name in sorted(folders - set(LAYERS))]
    if table() not in (root / "doc" / "code.md").read_text(encoding="utf-8"):
        problems.append("the table in doc/code.md is another: put that of tests/layers.py --print there")
    if folders <= set(LAYERS):
        calls, includes = find_uses(sources)
        problems += broken_layers(calls, includes)
        for circle in circles(calls):
            ties = [f"{a} -> {b} ({', '.join(sorted(n)[:2])})" for (a, b), n in sorted(calls.items())
                    if a in circle and b in circle]
            problems.append(f"a circle of {len(circle)} files:\n  " + "\n  ".join(ties))
    for problem in problems:
        print(f"layers: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
