"""Runs ONNX files in ONNX Runtime for the tests, and holds them against ONNX's checker.

usage: onnx_runner.py FOLDER

FOLDER/cases.json: [{"model": "a.onnx", "inputs": ["a.0.npy", ...], "levels": ["all", ...]}, ...]
The inputs are those of the model, in its order. Writes FOLDER/report.json, one object for each case:
  check    what onnx.checker with full_check says; "" if nothing
  error    why a level did not run; "" if all did
  outputs  {level: [file, ...]}
"""

import json
import pathlib
import sys

import numpy
import onnx
import onnxruntime

LEVELS = {
    "disable": onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL,
    "basic": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    "extended": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    "all": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
}


def check(path):
    try:
        onnx.checker.check_model(str(path), full_check=True)
    except Exception as error:  # the checker throws several kinds
        return str(error)
    return ""


def run(folder, case, level):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = LEVELS[level]
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        str(folder / case["model"]), options, providers=["CPUExecutionProvider"]
    )
    names = [value.name for value in session.get_inputs()]
    arrays = [numpy.load(folder / name) for name in case["inputs"]]
    files = []
    for i, output in enumerate(session.run(None, dict(zip(names, arrays)))):
        files.append(f"{case['model']}.{level}.{i}.npy")
        numpy.save(folder / files[-1], output)
    return files


def main():
    folder = pathlib.Path(sys.argv[1])
    report = []
    for case in json.loads((folder / "cases.json").read_text(encoding="utf-8")):
        result = {"check": check(folder / case["model"]), "error": "", "outputs": {}}
        for level in case["levels"]:
            try:
                result["outputs"][level] = run(folder, case, level)
            except Exception as error:  # ONNX Runtime has its own
                result["error"] = f"{level}: {error}"
        report.append(result)
    (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")


main()
