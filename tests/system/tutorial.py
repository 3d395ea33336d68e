"""usage: tutorial.py PAGE: does what a page says, in this folder: writes its files, runs its commands, and compares what they
print. A file is a fenced block behind `NAME` in the text before it. A command is an indented line that begins with "$ "; the lines
below it are the output, in this order, "…" for any others. Numbers may differ by 2 % or by one in their last digit: other
processors round otherwise, and a search ends elsewhere."""

import pathlib
import re
import subprocess
import sys

NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def steps(page):
    """("file", name, text) and ("run", command, output lines) in the order of the page."""
    found, name, fenced = [], None, None
    for line in page.splitlines():
        if line.startswith("```"):
            if fenced is None:
                fenced = []
            else:
                found.append(("file", name, "\n".join(fenced) + "\n"))
                fenced = None
        elif fenced is not None:
            fenced.append(line)
        elif line.startswith("    $ "):
            found.append(("run", line[6:], []))
        elif line.startswith("    ") and found and found[-1][0] == "run":
            found[-1][2].append(line[4:])
        elif line:
            names = re.findall(r"`(\w+\.(?:yaml|py))`", line)
            name = names[-1] if names else name
            if not line.startswith("    ") and found and found[-1][0] == "run":
                found.append(("text", line, []))
    return [step for step in found if step[0] != "text"]


def same(wanted, found):
    """Whether two lines have the same words, and numbers that are nearly so."""
    words = lambda line: NUMBER.sub("#", line).split()
    if words(wanted) != words(found):
        return False
    for a, b in zip(NUMBER.findall(wanted), NUMBER.findall(found)):
        last_digit = 10.0 ** -len(a.partition(".")[2]) if "e" not in a else 0
        if abs(float(a) - float(b)) > 1.01 * last_digit + 0.02 * abs(float(a)):
            return False
    return True


def compare(command, wanted, printed):
    """The first line of the page that is not there in its turn, or None."""
    lines, at, gap = [line.rstrip() for line in printed.splitlines() if line.strip()], 0, False
    for line in (line.rstrip() for line in wanted if line.strip()):
        if line == "…":
            gap = True
            continue
        while gap and at < len(lines) and not same(line, lines[at]):
            at += 1
        if at == len(lines) or not same(line, lines[at]):
            return f"$ {command}\n  the page:    {line}\n  was printed: {lines[at] if at < len(lines) else 'nothing more'}"
        at, gap = at + 1, False
    if wanted and not gap and at < len(lines):
        return f"$ {command}\n  was printed, but is not on the page: {lines[at]}"
    return None


def main():
    here, failures, commands = pathlib.Path(), 0, 0
    for kind, name, content in steps(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")):
        if kind == "file":
            (here / name).write_text(content, encoding="utf-8")
        elif name.startswith("export "):  # the reader's own paths
            continue
        elif name.startswith("mkdir "):
            here = here / name.split()[1]
            here.mkdir()
        else:
            commands += 1
            done = subprocess.run(["bash", "-c", name], cwd=here, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            problem = f"$ {name}\n{done.stdout}  status {done.returncode}" if done.returncode else compare(name, content, done.stdout)
            if problem:
                print(problem)
                failures += 1
    if commands < 5:
        sys.exit(f"only {commands} commands were found")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
