#!/usr/bin/env python3
"""Holds the sources against the rules of ARCHITECTURE.md that a compiler does not check.

1. A folder of octet/ includes only itself and folders before it in FOLDERS.
2. octet/octet.h is for users: nothing in octet/ but the program includes it.
3. Includes of the project's own headers give the path from the root ("octet/base/error.h").
4. torch/torch.h is included nowhere: it costs seconds in every file that reads it.
5. No source file is longer than MAX_LINES.

Prints one line `file:line: message` for each breach; exit code 1 if there is one.
"""

import pathlib
import re
import sys

import source_checker

FOLDERS = ["base", "quant", "ops", "graph", "passes", "targets", "formats", "kernels", "plan",
           "train", "qat", "models", "cli"]
SOURCE_ROOTS = ["octet", "tests", "examples", "bench", "tools", "cmake"]
CPP_SUFFIXES = {".h", ".cpp", ".inc", ".cu", ".cuh"}
SOURCE_SUFFIXES = CPP_SUFFIXES | {".py", ".sh", ".cmake", ".proto"}
MAX_LINES = 600
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')


def source_files(root):
    for name in SOURCE_ROOTS:
        for path in sorted((root / name).rglob("*")):
            if path.is_file() and path.suffix in SOURCE_SUFFIXES:
                yield path


def check_include(folder, quote, header):
    """The breach of one include in a file of octet/<folder> (None outside octet/), or None."""
    if header == "torch/torch.h":
        return "includes torch/torch.h; include the ATen or torch/csrc header that is needed"
    if folder is None:
        return None
    if quote == '"' and not header.startswith("octet/"):
        return f'includes "{header}"; give the path from the root ("octet/...")'
    if not header.startswith("octet/"):
        return None
    parts = header.split("/")
    if len(parts) == 2:
        if header == "octet/octet.h" and folder != "cli":
            return "includes octet/octet.h, which is for users of the library"
        return None
    if parts[1] not in FOLDERS:
        return f"includes {header}, whose folder is not in the list of {pathlib.Path(__file__).name}"
    if FOLDERS.index(parts[1]) > FOLDERS.index(folder):
        return f"octet/{folder} must not include octet/{parts[1]}, which comes after it ({header})"
    return None


def check(root):
    """All breaches below `root` as strings."""
    breaches = []
    for path in source_files(root):
        where = path.relative_to(root)
        lines = path.read_text(encoding="utf-8").splitlines()
        if len(lines) > MAX_LINES:
            breaches.append(f"{where}:{MAX_LINES + 1}: the file has {len(lines)} lines, "
                            f"{MAX_LINES} is the limit; split it")
        if path.suffix not in CPP_SUFFIXES:
            continue
        folder = where.parts[1] if where.parts[0] == "octet" and len(where.parts) > 2 else None
        if folder is not None and folder not in FOLDERS:
            breaches.append(f"{where}:1: octet/{folder} is not in the list of folders")
            continue
        for number, line in enumerate(lines, start=1):
            match = INCLUDE.match(line)
            breach = check_include(folder, *match.groups()) if match else None
            if breach:
                breaches.append(f"{where}:{number}: {breach}")
    return breaches


def self_test():
    """Breaks each rule once in a temporary tree and looks for the message."""
    files = {
        "octet/octet.h": '#include "octet/cli/main.h"\n',
        "octet/base/good.cpp": '#include "octet/base/good.h"\n#include <vector>\n',
        "octet/graph/upward.cpp": '#include "octet/base/good.h"\n#include "octet/qat/late.h"\n',
        "octet/qat/fine.cpp": '#include "octet/train/solver.h"\n',
        "octet/train/late.cpp": '#include "octet/qat/late.h"\n',
        "octet/ops/short.cpp": '#include "relu.h"\n',
        "octet/models/umbrella.cpp": '#include "octet/octet.h"\n',
        "octet/cli/umbrella.cpp": '#include "octet/octet.h"\n',
        "octet/extra/file.cpp": "\n",
        "tests/slow_test.cpp": "#include <torch/torch.h>\n",
        "tests/long_test.cpp": "\n" * (MAX_LINES + 1),
    }
    expected = {
        "octet/graph/upward.cpp:2", "octet/train/late.cpp:1", "octet/ops/short.cpp:1",
        "octet/models/umbrella.cpp:1", "octet/extra/file.cpp:1", "tests/slow_test.cpp:1",
        f"tests/long_test.cpp:{MAX_LINES + 1}",
    }
    return source_checker.self_test(check, files, expected)


if __name__ == "__main__":
    sys.exit(source_checker.main("Checks include order and file sizes.", check, self_test))
