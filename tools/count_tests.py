#!/usr/bin/env python3
"""Adds up what GoogleTest (with --gtest_brief=1) said in CTest's log, where a shard is one test.

usage: count_tests.py LOG. Exit code 1 if no test passed or one failed.
"""

import re
import sys


def total(pattern, text):
    return sum(int(number) for number in re.findall(pattern, text, re.MULTILINE))


def main():
    with open(sys.argv[1], encoding="utf-8", errors="replace") as log:
        text = log.read()
    passed = total(r"^\[  PASSED  \] (\d+) tests?\.", text)
    skipped = total(r"^\[  SKIPPED \] (\d+) tests?\.", text)
    failed = len(re.findall(r"^\[  FAILED  \] \S+.* \(\d+ ms\)$", text, re.MULTILINE))
    print(f"octet_tests: {passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
