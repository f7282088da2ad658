#!/usr/bin/env python3
"""Prints the table at the end of run-demo from the metrics and files in a folder.

usage: demo_table.py DIR
"""

import json
import pathlib
import sys

ROWS = [
    ("float network", "float"),
    ("trained on as long in float", "float_longer"),
    ("trained on with quantization", "qat"),
]


def main():
    folder = pathlib.Path(sys.argv[1])
    print(f"\n{'':30}{'error':>9}{'file':>12}   where")
    for title, name in ROWS:
        metrics = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        path = folder / f"{name}.nnp"
        error = f"{metrics['top1_error']:.2f} %"
        size = f"{path.stat().st_size / 1024:.0f} KiB"
        print(f"{title:30}{error:>9}{size:>12}   {path}")
    print("\nThe error is the share of wrong answers on the 10000 test images of Fashion-MNIST.")


if __name__ == "__main__":
    main()
