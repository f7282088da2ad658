#!/usr/bin/env python3
"""Measures what quantization-aware training costs in accuracy and writes docs/accuracy.md.

For each model and seed: train in float; from there train on in float, and with QAT with and without
batch normalization folding, with and without power-of-two scales, all for the same number of steps
at the same learning rate. Every run is one call of the program `octet`; with --work a run whose
figures are there already is not repeated.
"""

import argparse
import concurrent.futures
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading

MODELS = {"mobilenet_v1": 0.25, "resnet18": 0.125, "resnet50": 0.125}  # name: width
VARIANTS = {  # name: (bn_folding, pow2)
    "QAT": (False, "NOTROUND"),
    "QAT, folded": (True, "NOTROUND"),
    "QAT, pow2": (False, "ROUND"),
    "QAT, folded, pow2": (True, "ROUND"),
}
FINE_TUNE = "float fine-tune"
LOCK = threading.Lock()


def config_text(folding, pow2, recording):
    return (
        f"bn_folding = {str(folding).lower()}\nbn_self_folding = {str(folding).lower()}\n"
        f'pow2 = "{pow2}"\nskip_bias = true\nniter_to_recording = 1\n'
        f"niter_to_training = {1 + recording}\nlearning_rate_scale = 0.1\n"
    )


def octet(args, name, *command):
    """Runs the program and returns its figures."""
    metrics = args.work / f"{name}.json"
    if metrics.exists():
        return json.loads(metrics.read_text())["top1_error"]
    if args.finished:
        raise LookupError(name)
    common = ["--data", args.data, "--batch", str(args.batch), "--device", args.device,
              "--workers", "1", "--threads", str(args.threads), "--metrics", str(metrics)]
    done = subprocess.run([args.octet, *command, *common], capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{name}: {done.stderr.strip().splitlines()[-1]}")
    figures = json.loads(metrics.read_text())
    with LOCK:
        print(f"{name}: error {figures['top1_error']:.2f} %", file=sys.stderr, flush=True)
    return figures["top1_error"]


def measure_all(args, tasks):
    """{(model, seed): rows}; with --finished without those that lack one."""
    def rows_of(task):
        try:
            return measure(args, *task)
        except LookupError:
            return None

    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        results = dict(zip(tasks, pool.map(rows_of, tasks)))
    return {task: rows for task, rows in results.items() if rows}


def measure(args, model, seed):
    """All rows of one model and seed: {row: error in percent}."""
    name = f"{model}-{seed}"
    start = args.work / f"{name}.nnp"
    rows = {"float": octet(args, name, "train", model, "--width", str(MODELS[model]),
                           "--epochs", str(args.epochs), "--lr", str(args.lr),
                           "--seed", str(seed), "--out", str(start))}
    on = ["--epochs", str(args.more_epochs), "--seed", str(seed + 100)]
    rows[FINE_TUNE] = octet(args, f"{name}-fine", "train", str(start), *on, "--lr",
                            str(args.more_lr), "--out", str(args.work / f"{name}-fine.nnp"))
    for variant, (folding, pow2) in VARIANTS.items():
        label = f"{name}-{variant.replace(', ', '-')}".replace("QAT", "qat")
        config = args.work / f"{label}.toml"
        config.write_text(config_text(folding, pow2, args.recording_steps))
        # The scheduler multiplies the learning rate by 0.1: both train at the same one.
        rows[variant] = octet(args, label, "qat", str(start), *on, "--lr", str(args.more_lr * 10),
                              "--config", str(config), "--out", str(args.work / f"{label}.nnp"))
    return rows


def spread(values):
    return f"{statistics.mean(values):.2f} ± {statistics.pstdev(values):.2f}"


def table(results, seeds):
    """Rows of the document, and the largest excess of QAT over the float fine-tune."""
    lines = ["| model, width | seeds | " + " | ".join(["float", FINE_TUNE, *VARIANTS]) + " |",
             "|---" * (4 + len(VARIANTS)) + "|"]
    worst = -100.0
    for model, width in MODELS.items():
        rows = [results[model, seed] for seed in range(seeds) if (model, seed) in results]
        if not rows:
            continue
        cells = [spread([r[key] for r in rows]) for key in ["float", FINE_TUNE, *VARIANTS]]
        lines.append(f"| {model}, {width} | {len(rows)} | " + " | ".join(cells) + " |")
        fine = statistics.mean(r[FINE_TUNE] for r in rows)
        worst = max([worst] + [statistics.mean(r[v] for r in rows) - fine for v in VARIANTS])
    return lines, worst


def document(args, results):
    lines, worst = table(results, args.seeds)
    return "\n".join([
        "# Accuracy",
        "",
        f"Top-1 error in percent on the 10,000 test images of `{args.data}`, mean ± standard",
        f"deviation over the seeds. Float: {args.epochs:g} epochs, batch {args.batch},",
        f"momentum, learning rate {args.lr} with a cosine schedule. The float fine-tune and QAT start",
        f"from that network and go on for {args.more_epochs:g} epochs at learning rate {args.more_lr:g};",
        f"QAT's first {args.recording_steps} steps record ranges. QAT is int8, symmetric, per tensor,",
        "with the default recorders (MaxMva, MinMaxMinMax), `skip_bias`, and the default skip lists.",
        "",
        *lines,
        "",
        f"The largest excess of a QAT row over its float fine-tune is {worst:+.2f} points; the aim is",
        "at most +0.3.",
        "",
        f"Measured on {args.device}. To measure again:",
        "",
        "    tools/measure_accuracy.py --octet build/release/octet",
        "",
        "Every single figure is in `docs/accuracy.json`.",
        "",
    ])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--octet", default="build/release/octet", help="the program")
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--epochs", type=float, default=4, help="of float training")
    parser.add_argument("--more-epochs", type=float, default=1, help="of fine-tune and QAT")
    parser.add_argument("--recording-steps", type=int, default=20)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--lr", type=float, default=0.05)
    parser.add_argument("--more-lr", type=float, default=0.003, help="of fine-tune and QAT")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0, help="of one run; 0: all")
    parser.add_argument("--jobs", type=int, default=1, help="runs at the same time")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("docs"),
                        help="folder for accuracy.md and accuracy.json")
    parser.add_argument("--finished", action="store_true",
                        help="run nothing: the tables of what --work holds")
    parser.add_argument("--work", type=pathlib.Path,
                        help="folder that keeps networks and figures, to go on with later")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="octet-accuracy-") as folder:
        args.work = args.work or pathlib.Path(folder)
        args.work.mkdir(parents=True, exist_ok=True)
        tasks = [(model, seed) for seed in range(args.seeds) for model in args.models]
        results = measure_all(args, tasks)
    args.out.mkdir(parents=True, exist_ok=True)
    raw = [{"model": m, "seed": s, **rows} for (m, s), rows in results.items()]
    (args.out / "accuracy.json").write_text(json.dumps(raw, indent=1) + "\n")
    (args.out / "accuracy.md").write_text(document(args, results))
    print((args.out / "accuracy.md").read_text())


if __name__ == "__main__":
    main()
