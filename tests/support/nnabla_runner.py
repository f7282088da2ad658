"""Runs .nnp files in NNabla for the tests, by way of tools/run_nnabla.py.

usage: nnabla_runner.py TOOLS FOLDER

FOLDER/cases.json: [{"model": "0.nnp", "inputs": {"x": "0.in0.npy", ...}}, ...]. Writes
FOLDER/report.json, one object for each case:
  error    why NNabla did not run it; "" if it did
  outputs  [file, ...]
"""

import json
import logging
import pathlib
import sys

import nnabla
import numpy
from nnabla.utils.nnp_graph import NnpLoader


def run(tool, folder, case):
    nnabla.clear_parameters()
    loader = NnpLoader(str(folder / case["model"]))
    inputs = {name: numpy.load(folder / path) for name, path in case["inputs"].items()}
    outputs, _ = tool.run_network(nnabla, numpy, loader, inputs)
    files = []
    for i, output in enumerate(outputs):
        files.append(f"{case['model']}.{i}.npy")
        numpy.save(folder / files[-1], output)
    return files


def main():
    sys.path.insert(0, sys.argv[1])
    import run_nnabla

    logging.getLogger("nnabla").setLevel(logging.ERROR)
    folder = pathlib.Path(sys.argv[2])
    report = []
    for case in json.loads((folder / "cases.json").read_text(encoding="utf-8")):
        result = {"error": "", "outputs": []}
        try:
            result["outputs"] = run(run_nnabla, folder, case)
        except Exception as error:  # NNabla has several kinds
            result["error"] = f"{type(error).__name__}: {error}"
        report.append(result)
    (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")


main()
