#!/usr/bin/env python3
"""Holds trained networks against ONNX Runtime and writes docs/parity.md.

For each model: train briefly in float, train on with quantization in several configurations, export
each network to ONNX, and run it in ONNX Runtime on real images, with all of its optimizations and
with none. Compared are the outputs and every integer in front of the last DequantizeLinear. All work
is done by calls of the program `octet`, all comparing by `octet verify --with onnxruntime`; OCTET_PYTHON
names a Python with onnxruntime and onnx.

    bench/parity.py --cifar DIR --photos DIR

--cifar: train/<class>/*.jpg and test/<class>/*.jpg, 32 x 32. --photos: a folder of photographs; each
is a class of its own.
"""

import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time

RUNTIMES = {  # how ONNX Runtime runs: arguments of octet verify
    "all": ["--optimization", "all"],
    "precise": ["--optimization", "all", "--session-option", "session.x64quantprecision=1"],
    "none": ["--optimization", "disable"],
}
NETWORK = {"bn_folding": True, "bn_self_folding": True, "skip_bias": False,
           "skip_inputs_layers": [], "skip_outputs_layers": []}
UINT8 = {"dtype": "uint8", "zero_point": True}


def reference_rows():
    """The table of NNabla's documentation: int8, symmetric, one scale per tensor. Batch
    normalization that is not folded is x * a + b in float, between integers."""
    rows = []
    for form in ("integers", "Q/DQ"):
        for pow2 in (False, True):
            for folding in (False, True):
                mode = "SIM_QNN" if form == "Q/DQ" else "QNN" if folding else "MIXED_QNN"
                config = NETWORK | {"bn_folding": folding, "precision_mode": mode,
                                    "pow2": "ROUND" if pow2 else "NOTROUND"}
                label = f"pow2 {'yes' if pow2 else 'no'}, folding {'yes' if folding else 'no'}"
                rows.append((f"{form}, {label}", config))
    return rows


def quantization_rows(full):
    """Per tensor and per channel, symmetric and asymmetric, and both forms; of the Q/DQ form the two
    that differ most unless all are wanted."""
    rows = []
    for mode, form in (("QNN", "integers"), ("SIM_QNN", "Q/DQ")):
        for channel_wise in (False, True):
            for asymmetric in (False, True):
                if mode == "SIM_QNN" and channel_wise != asymmetric and not full:
                    continue
                config = NETWORK | {"precision_mode": mode, "channel_wise": channel_wise}
                if asymmetric:
                    config |= UINT8
                rows.append((f"{form}, per {'channel' if channel_wise else 'tensor'}, "
                             f"{'uint8' if asymmetric else 'int8'}", config))
    seven = NETWORK | UINT8 | {"precision_mode": "QNN", "channel_wise": True, "bits_weight": 7}
    rows.insert(4, ("integers, per channel, uint8, weights of 7 bits", seven))
    return rows


def photo_rows():
    both = NETWORK | {"channel_wise": True}
    return [("integers, per channel, int8", both | {"precision_mode": "QNN"}),
            ("integers, per channel, uint8", both | UINT8 | {"precision_mode": "QNN"}),
            ("Q/DQ, per channel, int8, pow2", both | {"pow2": "ROUND"})]


def toml(config):
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in config.items())


def octet(args, name, *command):
    """Runs the program and gives its figures, those of an earlier run where there are any."""
    metrics = args.work / f"{name}.json"
    if metrics.exists():
        return json.loads(metrics.read_text())
    words = [str(word) for word in (args.octet, *command, "--metrics", metrics)]
    if args.threads:
        words += ["--threads", str(args.threads)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(words)}\n{done.stderr.strip().splitlines()[-1]}")
    return json.loads(metrics.read_text())


def photo_folder(args):
    """train/ and test/ with a class for each photograph, as links."""
    root = args.work / "photos"
    suffixes = {".jpg", ".jpeg", ".png"}
    photos = [p for p in sorted(args.photos.iterdir()) if p.suffix.lower() in suffixes]
    for photo in photos[:args.photo_count]:
        for split in ("train", "test"):
            folder = root / split / photo.stem
            folder.mkdir(parents=True, exist_ok=True)
            link = folder / photo.name
            if not link.exists():
                link.symlink_to(photo.resolve())
    return root


def difference(figures):
    """What the table needs of one comparison."""
    integers = [layer for layer in figures["layers"] if layer["value"].endswith("_quantized")]
    wrong = [layer for layer in integers if layer["differing"]]
    result = {key: figures[key] for key in
              ("max_absolute", "mean_absolute", "max_relative", "mean_relative", "elements")}
    if integers:
        result["integers"] = sum(layer["elements"] for layer in integers)
        result["differing"] = sum(layer["differing"] for layer in integers)
        result["compared_values"] = len(integers)
    result["top1_agreement"] = figures.get("top1_agreement")
    if wrong:
        first = wrong[0]
        result["first"] = {key: first[key] for key in
                           ("value", "type", "differing", "elements", "max_steps")}
    return result


def measure_row(args, start, name, data, images, label, config):
    config_file = args.work / f"{name}.toml"
    config_file.write_text(toml(config))
    trained = args.work / f"{name}.nnp"
    octet(args, f"{name}-qat", "qat", start, "--data", data, "--config", config_file,
          "--steps", args.qat_steps, "--recording-steps", args.recording_steps,
          "--batch", args.batch, "--lr", "0.001", "--max-examples", args.train_images, "--out",
          trained)
    row = {"configuration": label}
    for runtime, options in RUNTIMES.items():
        pairs = config.get("precision_mode", "SIM_QNN") == "SIM_QNN"
        # It is about weights of int8 beside uint8 activations, and fails on int8 in QLinearConv.
        if runtime == "precise" and not pairs and config.get("dtype") != "uint8":
            continue
        # Integers of Q/DQ pairs that are shown keep ONNX Runtime from optimizing.
        values = "none" if pairs and runtime != "none" else "integers"
        figures = octet(args, f"{name}-{runtime}", "verify", trained, "--with", "onnxruntime",
                        "--values", values, "--data", data, "--max-examples", images,
                        "--batch", args.batch, *options)
        row[runtime] = difference(figures)
    print(f"{name} {label}: " + ", ".join(
        f"{runtime} {differing(row, runtime) or 'hidden'}, max {row[runtime]['max_absolute']:.2g}"
        for runtime in RUNTIMES if runtime in row), file=sys.stderr, flush=True)
    return row


def measure(args, model, data, kind, images, size, rows):
    """Gives one row after the other."""
    start = args.work / f"{model}-{kind}.nnp"
    octet(args, f"{model}-{kind}", "train", model, "--width", args.width, "--data", data,
          "--image-size", size, "--steps", args.steps, "--batch", args.batch, "--max-examples",
          args.train_images, "--lr", "0.05", "--warmup", "5", "--out", start)
    for index, (label, config) in enumerate(rows):
        row = measure_row(args, start, f"{model}-{kind}-{index}", data, images, label, config)
        yield {"model": model, "images": f"{images} of {size} x {size}"} | row


def instruction_sets():
    """Those that decide how ONNX Runtime multiplies integers."""
    wanted = ["avx2", "avx512bw", "avx512_vnni", "avx_vnni", "amx_int8"]
    try:
        flags = pathlib.Path("/proc/cpuinfo").read_text().split()
    except OSError:
        return platform.machine()
    found = [flag for flag in wanted if flag in flags]
    return f"{platform.machine()} with {', '.join(found) or 'none of ' + ', '.join(wanted)}"


def runtime_version():
    python = os.environ.get("OCTET_PYTHON", "python3")
    done = subprocess.run([python, "-c", "import onnxruntime; print(onnxruntime.__version__)"],
                          capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def error_cells(found):
    return [f"{found[key]:.2g}" for key in
            ("max_absolute", "mean_absolute", "max_relative", "mean_relative")]


def differing(row, runtime):
    """How many integers differ; nothing where they are not seen."""
    found = row.get(runtime, {}).get("differing")
    return "" if found is None else f"{found:,}"


def largest(row, runtime):
    return f"{row[runtime]['max_absolute']:.2g}" if runtime in row else ""


def markdown(header, lines):
    return ["| " + " | ".join(header) + " |", "|---" * len(header) + "|",
            *("| " + " | ".join(line) + " |" for line in lines)]


def reference_table(rows):
    header = ["MobileNetV1", "all: max abs", "mean abs", "max rel", "mean rel",
              "none: max abs", "mean abs", "max rel", "mean rel", "precise: max abs", "integers",
              "differ: all", "none"]
    return markdown(header, [[row["configuration"], *error_cells(row["all"]),
                              *error_cells(row["none"]), largest(row, "precise"),
                              f"{row['none']['integers']:,}", differing(row, "all"),
                              differing(row, "none")] for row in rows])


def integer_table(rows):
    header = ["model", "images", "network", "integers", "differ: all", "precise", "none",
              "max abs: all", "precise", "none", "same class, %: all", "precise"]
    return markdown(header, [
        [row["model"], row["images"], row["configuration"], f"{row['none']['integers']:,}",
         *(differing(row, runtime) for runtime in RUNTIMES),
         *(largest(row, runtime) for runtime in RUNTIMES),
         f"{row['all']['top1_agreement']:.1f}",
         f"{row['precise']['top1_agreement']:.1f}" if "precise" in row else ""] for row in rows])


def first_layers(rows):
    lines = []
    for row in rows:
        for runtime in RUNTIMES:
            first = row.get(runtime, {}).get("first")
            if first is None:
                continue
            lines.append([row["model"], row["images"], row["configuration"], runtime,
                          f"`{first['value']}`", first["type"],
                          f"{first['differing']:,} of {first['elements']:,}",
                          f"{first['max_steps']:g}"])
    if not lines:
        return ["No integer differs in any row."]
    header = ["model", "images", "network", "runtime", "first value that differs", "made by",
              "integers", "largest, steps"]
    return markdown(header, lines)


def command_line():
    """Without the folders of this machine."""
    words = []
    skip = False
    for word in sys.argv[1:]:
        if skip:
            skip = False
        elif word in ("--work", "--octet", "--out", "--json"):
            skip = True
        else:
            words.append("DIR" if words and words[-1] in ("--cifar", "--photos") else word)
    return " ".join(["bench/parity.py", *words])


TEXT = """\
# What was trained is what runs

Networks trained with Octet against the exported .onnx in ONNX Runtime {version} ({cpu}), on the same
real images. `all`: ONNX Runtime's highest level of optimization; `precise`: the same with its option
`session.x64quantprecision=1`; `none`: without optimizations. Float training {steps} steps, then
{qat_steps} with quantization, of which {recording_steps} record; width {width}. Integers are all
int8 and uint8 activations of the network, which is everything in front of the last DequantizeLinear;
errors are those of the outputs, relative ones |a - b| / max(|a|, |b|).

## The reference's table
MobileNetV1, int8, symmetric, one scale per tensor, on {images} images of CIFAR-10, in both forms (see
below). Without folding the integers are those in front of each batch normalization, which is
x * a + b in float (MIXED_QNN). NNabla's documentation gives 0.0144, 4.6e-4, 0.0378 and 4.7e-7 as the
largest absolute errors of its four rows against TensorRT.

{reference}

## Integers
`integers`: trained with `precision_mode = QNN`; the .onnx has integer operators, and the integers are
to be the same. `Q/DQ`: trained with SIM_QNN; between the pairs stand float layers, whose sums are
rounded in float32, in ONNX Runtime in another order than in Octet or by integer kernels. Integers
between pairs can be seen without optimizations only: as outputs they keep ONNX Runtime from fusing.

{integers}

## Where ONNX Runtime departs
The first value in the order of the network that differs; what it is made from is equal.

{first}

{explanation}

## The command

    {command}

Every figure is in `docs/parity.json`.
"""

EXPLANATION = """\
* int8 weights with uint8 activations: on x86-64 without VNNI, ONNX Runtime multiplies uint8 by int8 with
  an instruction (`vpmaddubsw`) that adds two products in 16 bits and saturates there. ONNX's definition has
  exact sums. The same network with weights of 7 bits, whose two products cannot reach 2^15, shows it: there
  nothing differs. `session.x64quantprecision=1` makes ONNX Runtime take exact instructions, and nothing
  differs either.
* Q/DQ pairs of int8: at the levels `extended` and `all` ONNX Runtime first turns them into pairs of uint8
  (`session.qdqisint8allowed=1` leaves them), and then the same holds: compare the columns `all` and `precise`.
  Integer operators of int8 stay int8 and are exact.
* What is left of the Q/DQ rows: a float sum that ends within its rounding error of the middle between two
  integers falls to one side here and to the other there, and later layers carry that on. With `pow2` scales
  the sums are exact in float32, and the integers are the same."""


def document(args, reference, rows):
    everything = reference + rows
    return TEXT.format(
        version=runtime_version(), cpu=instruction_sets(), steps=args.steps,
        qat_steps=args.qat_steps, recording_steps=args.recording_steps, width=args.width,
        images=args.images, reference="\n".join(reference_table(reference)),
        integers="\n".join(integer_table(rows)), first="\n".join(first_layers(everything)),
        explanation=EXPLANATION, command=command_line())


def parse_arguments():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--octet", type=pathlib.Path, default=root / "build/release/octet")
    parser.add_argument("--cifar", type=pathlib.Path, help="CIFAR-10 as a folder of images")
    parser.add_argument("--photos", type=pathlib.Path, help="a folder of photographs")
    parser.add_argument("--models", nargs="+", default=["mobilenet_v1", "resnet18", "resnet50"])
    parser.add_argument("--width", type=float, default=0.25)
    parser.add_argument("--steps", type=int, default=100, help="of float training")
    parser.add_argument("--qat-steps", type=int, default=30)
    parser.add_argument("--recording-steps", type=int, default=10)
    parser.add_argument("--batch", type=int, default=20)
    parser.add_argument("--images", type=int, default=1000, help="of CIFAR-10 to compare on")
    parser.add_argument("--photo-count", type=int, default=100)
    parser.add_argument("--photo-size", type=int, default=224)
    parser.add_argument("--train-images", type=int, default=2000)
    parser.add_argument("--full", action="store_true", help="all rows of the Q/DQ form")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--work", type=pathlib.Path, help="keeps networks and figures here; a second run goes on where it stopped")
    parser.add_argument("--out", type=pathlib.Path, default=root / "docs/parity.md")
    parser.add_argument("--json", type=pathlib.Path, default=root / "docs/parity.json")
    args = parser.parse_args()
    if args.cifar is None and args.photos is None:
        parser.error("give --cifar, --photos or both")
    return args


def write(args, reference, rows):
    args.json.write_text(json.dumps({"onnxruntime": runtime_version(), "cpu": instruction_sets(),
                                     "reference": reference, "rows": rows}, indent=1) + "\n")
    args.out.write_text(document(args, reference, rows))


def run(args):
    began = time.monotonic()
    reference, rows = [], []
    if args.photos:
        photos = f"images:{photo_folder(args)}"
    for model in args.models:
        if args.cifar:
            first = reference_rows() if model == "mobilenet_v1" else []
            table = measure(args, model, f"images:{args.cifar}", "cifar", args.images, 32,
                            first + quantization_rows(args.full))
            for index, row in enumerate(table):
                (reference if index < len(first) else rows).append(row)
                write(args, reference, rows)
        if args.photos:
            for row in measure(args, model, photos, "photos", args.photo_count, args.photo_size,
                               photo_rows()):
                rows.append(row)
                write(args, reference, rows)
    print(f"{time.monotonic() - began:.0f} s; {args.out}", file=sys.stderr)


def main():
    args = parse_arguments()
    if args.work is not None:
        args.work.mkdir(parents=True, exist_ok=True)
        run(args)
        return
    with tempfile.TemporaryDirectory() as folder:
        args.work = pathlib.Path(folder)
        run(args)


if __name__ == "__main__":
    main()
