#!/usr/bin/env python3
"""Tests of the scripts in bench/ with programs that print made-up times."""

import importlib.machinery
import importlib.util
import json
import os
import pathlib
import sys
import tempfile
import types
import unittest

BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"
sys.path.insert(0, str(BENCH))
sys.dont_write_bytecode = True

import measuring  # noqa: E402


def script(name):
    """A script without the extension .py as a module."""
    loader = importlib.machinery.SourceFileLoader(name, str(BENCH / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


compare = script("compare")
inference = script("inference")


def python(code):
    return [sys.executable, "-c", code]


def measurement(seconds, peak=100.0, **details):
    return measuring.Measurement([], seconds, peak, details)


class RunsPrograms(unittest.TestCase):
    def setUp(self):
        self.variables = measuring.environment(1)
        self.quiet = open(os.devnull, "w", encoding="utf-8")
        self.stderr, sys.stderr = sys.stderr, self.quiet

    def tearDown(self):
        sys.stderr = self.stderr
        self.quiet.close()

    def test_json_and_the_memory_of_that_process_alone(self):
        printed, small = measuring.run_process(
            python("import json; print(json.dumps({'seconds': [1, 2]}))"), self.variables, 60)
        self.assertEqual(printed, {"seconds": [1, 2]})
        _, large = measuring.run_process(python("x = b'1' * 200_000_000; print('{}')"),
                                         self.variables, 60)
        self.assertGreater(large - small, 190)
        _, again = measuring.run_process(python("print('{}')"), self.variables, 60)
        self.assertLess(again, small + 20)

    def test_says_why_a_program_gave_nothing(self):
        for code, message in [("import sys; print('a\\nno such model', file=sys.stderr); sys.exit(2)",
                               "no such model"),
                              ("import sys; sys.exit(3)", "exit code 3"),
                              ("print('done')", "it printed no JSON"),
                              ("import time; time.sleep(60)", "not done after 0.5 s")]:
            with self.assertRaisesRegex(RuntimeError, message):
                measuring.run_process(python(code), self.variables, 0.5 if "sleep" in code else 60)

    def test_in_turn_and_a_failure_once(self):
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder) / "log"
            note = f"open({str(log)!r}, 'a').write('%s'); "
            good = note + "print('{\"seconds\": [%s, 3], \"kind\": \"%s\"}')"
            jobs = [measuring.Job("a", python(good % ("a", 1, "x"))),
                    measuring.Job("bad", python(note % "!" + "import sys; sys.exit(1)")),
                    measuring.Job("b", python(good % ("b", 5, "y"))),
                    measuring.Job("none", ["/none/such"])]
            found = measuring.measure_alternately(jobs, 3, self.variables)
            self.assertEqual(log.read_text(), "a!babab")
        self.assertEqual(found["a"].seconds, [1, 3] * 3)
        self.assertEqual(found["a"].median(), 2)
        self.assertEqual(found["b"].details, {"kind": "y"})
        self.assertEqual((found["bad"].error, found["bad"].median()), ("exit code 1", None))
        self.assertIn("/none/such", found["none"].error)
        self.assertIn("| bad | exit code 1 |", measuring.seconds_table(found))

    def test_variables(self):
        os.environ["OPENBLAS_CORETYPE"] = "Haswell"
        limited = measuring.environment(2, "AVX2")
        self.assertNotIn("OPENBLAS_CORETYPE", limited)
        self.assertEqual([limited[key] for key in ("OMP_NUM_THREADS", "ONEDNN_MAX_CPU_ISA",
                                                   "DNNL_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY")],
                         ["2", "AVX2", "AVX2", "avx2"])
        self.assertNotIn("ONEDNN_MAX_CPU_ISA", measuring.environment(2))


class Judges(unittest.TestCase):
    def test_aims(self):
        aim = measuring.Aim
        self.assertEqual(aim("", 8.0, at_least=8).cell(), "8.00 (≥ 8: met)")
        self.assertEqual(aim("", 7.99, at_least=8).cell(), "7.99 (≥ 8: missed)")
        self.assertEqual(aim("", 1.25, at_most=1.25).cell(), "1.25 (≤ 1.25: met)")
        self.assertEqual(aim("", 0.36, at_most=0.35).cell(), "0.36 (≤ 0.35: missed)")
        self.assertEqual(aim("", None, at_most=1).cell(), "not measured")

    def test_training(self):
        found = {"Octet QAT": measurement([0.2, 0.3, 0.1], 700, primitive_seconds=0.16),
                 "Octet QAT, not folded": measurement([0.25]),
                 "Octet float": measurement([0.5]),
                 "PyTorch float": measurement([1.0, 1.0]),
                 "PyTorch fx_qat": measurement([2.0], 2000)}
        figures = [aim.figure for aim in compare.aims_of("mobilenet_v1", found)]
        for figure, expected in zip(figures, [10, 5, 1.25, 0.35, 2, 1.25, 0.2], strict=True):
            self.assertAlmostEqual(figure, expected)
        self.assertTrue(all(aim.met() for aim in compare.aims_of("mobilenet_v1", found)))
        found["PyTorch fx_qat"].error = "no torch"
        del found["Octet QAT"].details["primitive_seconds"]
        figures = [aim.figure for aim in compare.aims_of("mobilenet_v1", found)]
        self.assertEqual([i for i, figure in enumerate(figures) if figure is None], [0, 2, 3])

    def test_which_processor_the_aims_are_for(self):
        new = {"flags": ["avx2", "avx512_vnni", "avx512_bf16"]}
        for isa, flags, plain in [(None, new, False), (None, {"flags": ["avx2"]}, True),
                                  ("AVX2", new, True), ("AVX512_CORE_VNNI", new, True),
                                  ("AVX512_CORE_BF16", new, False)]:
            self.assertEqual(compare.is_plain(types.SimpleNamespace(isa=isa), flags), plain, isa)

    def test_inference(self):
        found = {"Octet uint8": measurement([0.1]), "Octet int8": measurement([0.2]),
                 "ONNX Runtime uint8": measurement([0.13]), "ONNX Runtime int8": measurement([0.4]),
                 "ONNX Runtime float": measurement([0.5])}
        aims = inference.aims_of(found, ["uint8", "int8"], 16)
        self.assertEqual([aim.cell() for aim in aims],
                         ["1.30 (≥ 1.3: met)", "0.65 (≥ 1.3: missed)", "5.00 (≥ 2.5: met)",
                          "2.50 (≥ 2.5: met)"])
        self.assertEqual(inference.aims_of(found, ["uint8"], 1)[0].at_least, 1.1)
        found["ONNX Runtime uint8"].error = "no"
        self.assertEqual(inference.best(found, "ONNX Runtime", ["uint8", "int8"]),
                         "ONNX Runtime int8")

    def test_commands(self):
        args = compare.parse_arguments(["--octet-args", "--engine plan", "--qat-mode", "qnn",
                                        "--torch2", "py", "--profile"])
        jobs = {job.name: job.command
                for job in compare.jobs_of(args, "resnet18", {True: "f", False: "u"})}
        self.assertEqual(list(jobs), ["Octet QAT", "Octet QAT, not folded", "Octet float",
                                      "PyTorch float", "PyTorch fx_qat", "current PyTorch float",
                                      "current PyTorch compile", "current PyTorch pt2e_qat"])
        self.assertEqual(jobs["Octet QAT"][-5:], ["--preset", "default", "--config", "f",
                                                  "--profile"])
        for name, mode in [("Octet QAT", "qnn"), ("Octet QAT, not folded", "mixed_qnn"),
                           ("Octet float", "float")]:
            self.assertEqual(jobs[name][4], mode)
            self.assertIn("--engine", jobs[name])

    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "found.json"
            found = {"a": measurement([1.0])}
            aims = [measuring.Aim("quick", 2.0, at_least=1)]
            measuring.write_json(path, measuring.as_json(found, aims))
            written = json.loads(path.read_text())
            self.assertEqual(written["jobs"]["a"]["median"], 1.0)
            self.assertEqual(written["aims"][0]["met"], True)
            self.assertEqual(os.listdir(folder), ["found.json"])


if __name__ == "__main__":
    unittest.main()
