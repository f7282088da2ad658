#!/usr/bin/env python3
"""Trains with plans and with the reference interpreter and writes docs/engines.md.

For each set of images and each seed: one float network; from it QAT by either engine, with the same
seed, images and learning rates. The two add up floats in another order, so that they part after some
steps; what is compared is where they end. Every run is one call of the program `octet`; with --work
a run whose figures are there already is not repeated.
"""

import argparse
import json
import pathlib
import statistics
import tempfile

from measure_accuracy import config_text, octet

ENGINES = ["plan", "reference"]


def measure(args, data, seed):
    """{engine: error in percent} of one set of images and seed."""
    args.data = data
    name = f"{pathlib.Path(data).name}-{seed}"
    start = args.work / f"{name}.nnp"
    octet(args, name, "train", args.model, "--width", str(args.width), "--epochs",
          str(args.float_epochs), "--lr", str(args.lr), "--seed", str(seed), "--out", str(start))
    config = args.work / "config.toml"
    config.write_text(config_text(folding=True, pow2="NOTROUND", recording=args.recording_steps))
    return {engine: octet(args, f"{name}-{engine}", "qat", str(start), "--engine", engine,
                          "--epochs", str(args.epochs), "--lr", str(args.lr), "--seed",
                          str(seed + 100), "--config", str(config),
                          "--out", str(args.work / f"{name}-{engine}.nnp"))
            for engine in ENGINES}


def document(args, results):
    lines = ["| images | seed | plans | reference | difference |", "|---|---|---|---|---|"]
    for (data, seed), errors in results.items():
        plan, reference = (errors[engine] for engine in ENGINES)
        lines.append(f"| {pathlib.Path(data).name} | {seed} | {plan:.2f} | {reference:.2f} | "
                     f"{plan - reference:+.2f} |")
    for data in args.datasets:
        means = [statistics.mean(errors[engine] for (of, _), errors in results.items()
                                 if of == data) for engine in ENGINES]
        lines.append(f"| {pathlib.Path(data).name} | mean | {means[0]:.2f} | {means[1]:.2f} | "
                     f"{means[0] - means[1]:+.2f} |")
    return "\n".join([
        "# Plans against the reference interpreter",
        "",
        f"Top-1 error in percent after {args.epochs:g} epochs of QAT (batch normalization folded, int8,",
        f"symmetric, per tensor; batch {args.batch}), from the same float network ({args.model}, width",
        f"{args.width}, {args.float_epochs:g} epochs), with the same seed, images and learning rates. The",
        "engines add up floats in another order, so that single weights part after some steps.",
        "",
        *lines,
        "",
        "The aim is a difference of at most 0.2 points. To measure again:",
        "",
        "    tools/measure_engines.py --octet build/release/octet --datasets fashion-mnist images:FOLDER",
        "",
        "with CIFAR-10 as a folder of images. Every single figure is in `docs/engines.json`.",
        "",
    ])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--octet", default="build/release/octet", help="the program")
    parser.add_argument("--datasets", nargs="+", default=["fashion-mnist"],
                        help="names of sets, or images:FOLDER")
    parser.add_argument("--model", default="mobilenet_v1")
    parser.add_argument("--width", type=float, default=0.25)
    parser.add_argument("--float-epochs", type=float, default=2)
    parser.add_argument("--epochs", type=float, default=3, help="of QAT")
    parser.add_argument("--recording-steps", type=int, default=20)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--lr", type=float, default=0.03,
                        help="of float training; QAT's scheduler multiplies it by 0.1")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0, help="of one run; 0: all")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("docs"),
                        help="folder for engines.md and engines.json")
    parser.add_argument("--work", type=pathlib.Path,
                        help="folder that keeps networks and figures, to go on with later")
    args = parser.parse_args()
    args.device, args.finished = "cpu", False
    with tempfile.TemporaryDirectory(prefix="octet-engines-") as folder:
        args.work = args.work or pathlib.Path(folder)
        args.work.mkdir(parents=True, exist_ok=True)
        results = {(data, seed): measure(args, data, seed)
                   for seed in range(args.seeds) for data in args.datasets}
    args.out.mkdir(parents=True, exist_ok=True)
    raw = [{"images": pathlib.Path(d).name, "seed": s, **e} for (d, s), e in results.items()]
    (args.out / "engines.json").write_text(json.dumps(raw, indent=1) + "\n")
    (args.out / "engines.md").write_text(document(args, results))
    print((args.out / "engines.md").read_text())


if __name__ == "__main__":
    main()
