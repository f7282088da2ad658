"""What the scripts that hold the sources against a rule have in common: the command line, and a
self test on a small tree that breaks every rule.

A check is a function from the root of a source tree to a list of lines "file:line: message".
"""

import argparse
import pathlib
import tempfile


def self_test(check, files, expected):
    """Whether check finds exactly the places `expected` ("file:line") in a tree of these files."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        found = {breach.split(": ")[0] for breach in check(root)}
    for place in sorted(expected - found):
        print(f"self test: the breach at {place} was not found")
    for place in sorted(found - expected):
        print(f"self test: {place} is no breach, but was reported")
    return found == expected


def main(description, check, test):
    """Prints the breaches of a tree; the exit code is 1 if there is one. test() is the self test."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("root", nargs="?", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parent.parent)
    parser.add_argument("--self-test", action="store_true",
                        help="check this script on a tree that breaks every rule")
    arguments = parser.parse_args()
    if arguments.self_test:
        return 0 if test() else 1
    breaches = check(arguments.root)
    for breach in breaches:
        print(breach)
    return 1 if breaches else 0
