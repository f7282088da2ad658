#!/usr/bin/env python3
"""Takes models that PyTorch exported through Octet and prints what came out, as a table.

For each model and each of PyTorch's two exporters (TorchScript, torch.export): write ONNX; import it
and hold it, value by value, against ONNX Runtime; train it on with quantization for a few steps on
images of noise; export that for ONNX Runtime and hold it against ONNX Runtime again.

Runs in a Python with torch, torchvision (and ultralytics for yolo...), onnx, onnxscript and
onnxruntime. Weights are random, normalizations have statistics as of a trained network.

    bench/exports.py --octet build/release/octet --models mobilenet_v2 yolov8n
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

MODELS = ["resnet18", "mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large", "efficientnet_b0",
          "densenet121", "shufflenet_v2_x1_0", "squeezenet1_1", "mnasnet1_0", "regnet_y_400mf",
          "resnext50_32x4d", "googlenet", "inception_v3", "convnext_tiny", "vit_b_16", "swin_t",
          "yolov5n", "yolov8n", "yolo11n"]
EXPORTERS = {"script": False, "dynamo": True}  # name: torch.onnx.export's dynamo
CONFIG = """skip_bias = false
niter_to_recording = 1
niter_to_training = {recording}
"""


def network(name):
    """A torch.nn.Module and the side of its images."""
    import torch

    torch.manual_seed(0)
    if name.startswith("yolo"):
        from ultralytics.nn.tasks import DetectionModel

        # The backbone and neck: the head decodes boxes with anchors of one image size.
        model = backbone_of(DetectionModel(f"{name}.yaml", nc=80, verbose=False))
    else:
        import torchvision

        has_branches = name in ("googlenet", "inception_v3")
        # The weights that Inception's authors begin with overflow with other statistics than theirs.
        options = ({"aux_logits": False, "init_weights": name == "googlenet"} if has_branches
                   else {})
        model = getattr(torchvision.models, name)(**options)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(0, 0.1)
        if isinstance(module, torch.nn.Linear) and not module.weight.any():
            module.weight.data.normal_(0, 0.02)  # a head of zeros has nothing to compare
    return model.eval(), 299 if name == "inception_v3" else 224


def backbone_of(detector):
    """The layers of a YOLO in front of its head, with the head's first input pooled to scores."""
    import torch

    class Backbone(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = detector.model[:-1]
            self.saved = detector.save
            self.source = detector.model[-1].f[0]

        def forward(self, x):
            values = []
            for layer in self.layers:
                if layer.f != -1:
                    sources = [layer.f] if isinstance(layer.f, int) else layer.f
                    taken = [x if i == -1 else values[i] for i in sources]
                    x = taken[0] if isinstance(layer.f, int) else taken
                x = layer(x)
                values.append(x)
            return values[self.source].mean((2, 3))

    return Backbone()


def export(name, dynamo, file):
    import torch

    model, side = network(name)
    images = torch.randn(2, 3, side, side)
    common = {"input_names": ["x"], "output_names": ["y"], "dynamo": dynamo}
    if dynamo:
        common |= {"dynamic_shapes": ({0: torch.export.Dim("batch")},), "external_data": False,
                   "verbose": False}
    else:
        common |= {"opset_version": 17, "dynamic_axes": {"x": {0: "batch"}, "y": {0: "batch"}}}
    torch.onnx.export(model, (images,), str(file), **common)
    return side


def noise_images(folder, side):
    """Two classes of four images for training and for the test."""
    import numpy
    from PIL import Image

    random = numpy.random.default_rng(0)
    for split in ("train", "test"):
        for label in ("a", "b"):
            place = folder / split / label
            place.mkdir(parents=True, exist_ok=True)
            for index in range(4):
                pixels = random.integers(0, 256, (side, side, 3), dtype=numpy.uint8)
                Image.fromarray(pixels).save(place / f"{index}.png")
    return f"images:{folder}"


def octet(args, metrics, *command):
    """Runs the program; its figures, or an error of one line."""
    done = subprocess.run([args.octet, *map(str, command), "--metrics", str(metrics)],
                          capture_output=True, text=True, check=False, timeout=args.timeout,
                          env=os.environ | {"OCTET_PYTHON": sys.executable})
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise RuntimeError(f"{command[0]}: {lines[-1]}")
    return json.loads(metrics.read_text())


def measure(args, name, exporter):
    stem = args.work / f"{name}-{exporter}"
    file, trained, metrics = (stem.with_suffix(end) for end in (".onnx", ".qat.onnx", ".json"))
    row = {"model": name, "exporter": exporter}
    try:
        side = export(name, EXPORTERS[exporter], file)
    except Exception as error:  # whatever PyTorch throws: there is no file to try
        line = (str(error).strip() or repr(error)).splitlines()[0]
        return row | {"error": f"torch.onnx.export: {line}"}
    try:
        data = ["--data", noise_images(args.work / f"noise{side}", side), "--batch", 2]
        found = octet(args, metrics, "verify", file, "--with", "onnxruntime", *data,
                      "--max-examples", 2)
        row |= {"values": found["compared_values"], "max_absolute": found["max_absolute"]}
        config = stem.with_suffix(".toml")
        config.write_text(CONFIG.format(recording=1 + args.recording_steps))
        octet(args, metrics, "qat", file, *data, "--preset", "onnxruntime", "--steps", args.steps,
              "--recording-steps", args.recording_steps, "--lr", 1e-4, "--out", trained,
              "--no-augmentation")
        found = octet(args, metrics, "verify", trained, "--with", "onnxruntime", *data,
                              "--max-examples", 2, "--optimization", "disable", "--values", "integers")
        row |= integers(found)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        row["error"] = str(error)
    return row


def integers(found):
    """How many integers there are in the network, how many differ, and by how many steps."""
    layers = [layer for layer in found["layers"] if "max_steps" in layer]
    return {"integers": sum(layer["elements"] for layer in layers),
            "differing": sum(layer["differing"] for layer in layers),
            "max_steps": max((layer["max_steps"] for layer in layers), default=0)}


def cells(row):
    if "error" in row:
        return row["error"]
    return (f"{row['max_absolute']:.1e} | {row['integers']:,} | {row['differing']:,} | "
            f"{row['max_steps']:g}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--octet", default="build/release/octet", help="the program")
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--exporters", nargs="+", choices=list(EXPORTERS), default=list(EXPORTERS))
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--recording-steps", type=int, default=2)
    parser.add_argument("--timeout", type=float, default=600, help="seconds of one call of octet")
    parser.add_argument("--work", type=pathlib.Path, help="folder that keeps the files")
    parser.add_argument("--json", type=pathlib.Path, help="also write the figures to this file")
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    rows = []
    with tempfile.TemporaryDirectory(prefix="octet-exports-") as folder:
        args.work = args.work or pathlib.Path(folder)
        args.work.mkdir(parents=True, exist_ok=True)
        print("| model | exporter | values | float, largest difference | integers after QAT | "
              "differ | by steps |\n|---|---|---|---|---|---|---|")
        for name in args.models:
            for exporter in args.exporters:
                row = measure(args, name, exporter)
                rows.append(row)
                print(f"| {name} | {exporter} | {row.get('values', '')} | {cells(row)} |", flush=True)
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 1 if any("error" in row for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
