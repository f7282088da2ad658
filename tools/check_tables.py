#!/usr/bin/env python3
"""Holds the project's two tables against the files around them.

octet/ops/ops.inc: each row's type is described in a header of the table's first list, each header
of that list has a row, and each row is named in a test (as type, "Sigmoid", or as function,
F::sigmoid). octet/passes/pipeline.cpp: each pass has its pair of files and
tests/passes/<name>_test.cpp.

Prints one line `file:line: message` for each breach; exit code 1 if there is one.
"""

import re
import sys

import source_checker

OPS = "octet/ops/ops.inc"
PIPELINE = "octet/passes/pipeline.cpp"
HEADER = re.compile(r'^#include "(octet/[^"]+)"')
ROW = re.compile(r"^OCTET_OP\((\w+), (\w+)\)")
PASS = re.compile(r'^\s*\{"(\w+)", (\w+)\},')
NAMED = re.compile(r"\bF::\w+|\b\w+")


def matches(path, pattern):
    """(line number, match) of every line of the file that the pattern fits."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        match = pattern.match(line)
        if match:
            yield number, match


def words_of_tests(root):
    words = set()
    for path in (root / "tests").rglob("*"):
        if path.suffix in {".cpp", ".h", ".inc"}:
            words.update(NAMED.findall(path.read_text(encoding="utf-8")))
    return words


def defines(text, type_name):
    """Whether a header describes the operation: by OCTET_ATTRIBUTES(Type or a macro around it."""
    return re.search(rf"\bOCTET_[A-Z_]+\(\s*{type_name}\b", text) is not None


def check_operations(root):
    breaches = []
    headers = {}
    for number, match in matches(root / OPS, HEADER):
        path = root / match.group(1)
        if path.is_file():
            headers[match.group(1)] = (number, path.read_text(encoding="utf-8"))
        else:
            breaches.append(f"{OPS}:{number}: {match.group(1)} does not exist")
    used = set()
    tested = words_of_tests(root)
    for number, match in matches(root / OPS, ROW):
        type_name, function = match.groups()
        homes = [name for name, (_, text) in headers.items() if defines(text, type_name)]
        used.update(homes)
        if not homes:
            breaches.append(f"{OPS}:{number}: no header of the first list describes {type_name}")
        if type_name not in tested and f"F::{function}" not in tested:
            breaches.append(f"{OPS}:{number}: no file of tests/ names {type_name} or "
                            f"F::{function}")
    for name, (number, _) in headers.items():
        if name not in used:
            breaches.append(f"{OPS}:{number}: {name} has no row")
    return breaches


def check_passes(root):
    breaches = []
    for number, match in matches(root / PIPELINE, PASS):
        name, function = match.groups()
        where = f"{PIPELINE}:{number}"
        if name != function:
            breaches.append(f"{where}: the pass {function} is listed under another name, {name}")
        for path in (f"octet/passes/{name}.h", f"octet/passes/{name}.cpp",
                     f"tests/passes/{name}_test.cpp"):
            if not (root / path).is_file():
                breaches.append(f"{where}: {path} does not exist")
    return breaches


def check(root):
    return check_operations(root) + check_passes(root)


def self_test():
    """A tree with every kind of breach, and what must be said of it."""
    files = {
        OPS: '#include "octet/ops/relu.h"\n#include "octet/ops/idle.h"\n'
             '#include "octet/ops/gone.h"\n'
             "OCTET_OP(ReLU, relu)\nOCTET_OP(Tanh, tanh)\nOCTET_OP(Lost, lost)\n",
        "octet/ops/relu.h": "OCTET_ATTRIBUTES(ReLU)\nOCTET_UNARY(Tanh);\n",
        "octet/ops/idle.h": "OCTET_ATTRIBUTES(Idle)\n",
        PIPELINE: '      {"fold", fold},\n      {"insert", insert_all},\n',
        "octet/passes/fold.h": "", "octet/passes/fold.cpp": "",
        "octet/passes/insert.h": "", "octet/passes/insert.cpp": "",
        "tests/passes/fold_test.cpp": "F::relu(x)",
    }
    expected = {f"{OPS}:{number}" for number in (2, 3, 5, 6)} | {f"{PIPELINE}:2"}
    return source_checker.self_test(check, files, expected)


if __name__ == "__main__":
    sys.exit(source_checker.main("Checks that table rows have files and tests.", check, self_test))
