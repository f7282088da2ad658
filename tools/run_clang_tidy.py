#!/usr/bin/env python3
"""Runs clang-tidy with the checks of .clang-tidy; a finding is an error.

libtorch's headers cost clang-tidy ten to twenty seconds in every file, so by default it works
against the clock: first the files that differ from the main branch (on it: those of its last
commits), then the rest in an order that begins elsewhere with each commit, until the time is over.
A file that was found clean is remembered in BUILD/clang_tidy.json with everything of the project
that it includes, and is not looked at again until one of these changes. Files given by name and
--all take as long as they take.

Needs the compile commands of a configured build. They are g++'s; what clang cannot use of them (the
precompiled header) is left out, and clang_prelude.h is put in.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PRELUDE = ROOT / "tools" / "clang_prelude.h"
FOLDERS = ("octet", "tests", "examples", "bench")
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
RECENT_COMMITS = 10


def git_lines(*arguments):
    result = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True)
    return result.stdout.split() if result.returncode == 0 else []


def compile_commands(build):
    """The arguments for clang by source file, in path order."""
    path = build / "compile_commands.json"
    if not path.is_file():
        sys.exit(f"[clang-tidy] {path} is missing; run cmake --preset release first")
    commands = {}
    for entry in json.loads(path.read_text(encoding="utf-8")):
        source = pathlib.Path(entry["file"])
        if not source.is_relative_to(ROOT) or source.relative_to(ROOT).parts[0] not in FOLDERS:
            continue
        words = shlex.split(entry["command"])
        kept = [word for word in words[1:] if re.match(r"-([DIf]|std=|isystem)", word)]
        for index, word in enumerate(words):
            if word == "-isystem":
                kept[kept.index("-isystem")] = "-isystem" + words[index + 1]
        commands[source] = ["-include", str(PRELUDE), *kept]
    return dict(sorted(commands.items()))


class Inputs:
    """Digests of source files together with the project's headers below them."""

    def __init__(self, extra):
        self.texts = {}
        self.base = hashlib.sha256(b"".join(path.read_bytes() for path in extra)).hexdigest()

    def text(self, path):
        if path not in self.texts:
            self.texts[path] = path.read_text(encoding="utf-8") if path.is_file() else ""
        return self.texts[path]

    def digest(self, source, command):
        seen, waiting = {source}, [source]
        while waiting:
            for name in INCLUDE.findall(self.text(waiting.pop())):
                header = ROOT / name
                if header not in seen and header.is_file():
                    seen.add(header)
                    waiting.append(header)
        state = hashlib.sha256((self.base + "\0".join(command)).encode())
        for path in sorted(seen):
            state.update(self.text(path).encode())
        return state.hexdigest()


def changed_files():
    base = git_lines("merge-base", "HEAD", "origin/main")
    if base and base != git_lines("rev-parse", "HEAD"):
        names = git_lines("diff", "--name-only", base[0])
    else:
        names = git_lines("log", f"-{RECENT_COMMITS}", "--name-only", "--format=")
        names += git_lines("diff", "--name-only", "HEAD")
    return {ROOT / name for name in names}


def in_order(sources):
    """Changed files first, then the others beginning at a place that moves with each commit."""
    changed = changed_files()
    first = [source for source in sources if source in changed]
    rest = [source for source in sources if source not in changed]
    commits = git_lines("rev-list", "--count", "HEAD")
    if rest and commits:
        start = int(commits[0]) * 29 % len(rest)
        rest = rest[start:] + rest[:start]
    return first + rest


def tidy(program, source, command):
    """The findings in one file, empty if there are none."""
    result = subprocess.run([program, "--quiet", str(source), "--", *command], cwd=ROOT,
                            capture_output=True, text=True)
    return "" if result.returncode == 0 else result.stdout + result.stderr


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=pathlib.Path, help="only these files")
    parser.add_argument("--all", action="store_true", help="every file, whatever time it takes")
    parser.add_argument("--seconds", type=float, default=300,
                        help="begin no file after this time (default 300)")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    program = shutil.which("clang-tidy")
    if program is None:
        sys.exit("[clang-tidy] is not installed; run tools/install_dependencies.sh")
    commands = compile_commands(arguments.build.resolve())
    memory_path = arguments.build / "clang_tidy.json"
    memory = json.loads(memory_path.read_text()) if memory_path.is_file() else {}
    inputs = Inputs([ROOT / ".clang-tidy", PRELUDE])
    digests = {source: inputs.digest(source, command) for source, command in commands.items()}

    wanted = [path.resolve() for path in arguments.files] or in_order(list(commands))
    for source in wanted:
        if source not in commands:
            sys.exit(f"[clang-tidy] {source} is not compiled by {arguments.build}")
    todo = [source for source in wanted if memory.get(str(source)) != digests[source]]
    known = len(wanted) - len(todo)
    end = time.monotonic() + (float("inf") if arguments.all or arguments.files
                              else arguments.seconds)

    def look_at(source):
        return None if time.monotonic() > end else tidy(program, source, commands[source])

    clean = dirty = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for source, findings in zip(todo, pool.map(look_at, todo)):
            if findings is None:
                continue
            if findings:
                dirty += 1
                print(findings, flush=True)
            else:
                clean += 1
                memory[str(source)] = digests[source]
                memory_path.write_text(json.dumps(memory, indent=0))
    print(f"clang-tidy: {clean + dirty} files looked at, {known} known to be clean, "
          f"{len(todo) - clean - dirty} left for another run; {dirty} with findings")
    return 1 if dirty else 0


if __name__ == "__main__":
    sys.exit(main())
