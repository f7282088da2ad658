#!/usr/bin/env python3
"""Runs an ONNX model in ONNX Runtime: what `octet verify --with onnxruntime` calls.

    run_onnxruntime.py MODEL.onnx FOLDER COUNT [--level LEVEL] [--values WHICH] [--option KEY=VALUE]...

FOLDER/in_<i>.npz, i below COUNT, hold one batch each: input_<name> for every input of the model.
FOLDER/out_<i>.npz is written: output_0, ... and, where the onnx package is there, value_<name> of
the values that WHICH chooses. LEVEL of optimization: disable, basic, extended or all. KEY=VALUE is
an entry of the session's configuration. Exit code 3: there is no onnxruntime; 1: it failed, the last
line of standard error says why.

Values are taken from a second session, in which they are outputs. `integers`, those of 8 bits, leave
the runtime free to fuse what is between them; `all` keep it from that.
"""

import argparse
import sys

NO_ONNXRUNTIME = 3
FAILED = 1


def integer_values(onnx, model):
    """Names of all int8 and uint8 values that depend on an input."""
    inferred = onnx.shape_inference.infer_shapes(model)
    small = {onnx.TensorProto.INT8, onnx.TensorProto.UINT8}
    infos = [*inferred.graph.value_info, *inferred.graph.output]
    typed = {info.name for info in infos if info.type.tensor_type.elem_type in small}
    moving = {info.name for info in model.graph.input}
    for node in model.graph.node:
        if moving.intersection(node.input):
            moving.update(node.output)
    return typed & moving


def with_values(path, which):
    """The model's bytes with the values as outputs, and their names; None without onnx."""
    try:
        import onnx
    except ImportError:
        return None
    model = onnx.load(path)
    names = [name for node in model.graph.node for name in node.output if name]
    if which == "integers":
        chosen = integer_values(onnx, model)
        names = [name for name in names if name in chosen]
    present = {output.name for output in model.graph.output}
    for name in names:
        if name not in present:
            model.graph.output.append(onnx.ValueInfoProto(name=name))
    return model.SerializeToString(), names


def make_session(runtime, model, args):
    levels = runtime.GraphOptimizationLevel
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = {
        "disable": levels.ORT_DISABLE_ALL, "basic": levels.ORT_ENABLE_BASIC,
        "extended": levels.ORT_ENABLE_EXTENDED, "all": levels.ORT_ENABLE_ALL}[args.level]
    for entry in args.option:
        key, _, value = entry.partition("=")
        options.add_session_config_entry(key, value)
    return runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def run_batch(numpy, session, values_session, value_names, source, target):
    arrays = numpy.load(source)
    feeds = {spec.name: arrays["input_" + spec.name] for spec in session.get_inputs()}
    names = [spec.name for spec in session.get_outputs()]
    results = {f"output_{i}": value for i, value in enumerate(session.run(names, feeds))}
    if values_session is not None:
        values = zip(value_names, values_session.run(value_names, feeds))
        results.update({f"value_{name}": value for name, value in values
                        if isinstance(value, numpy.ndarray)})
    numpy.savez(target, **results)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("folder")
    parser.add_argument("count", type=int)
    parser.add_argument("--level", choices=["disable", "basic", "extended", "all"], default="all")
    parser.add_argument("--values", choices=["all", "integers", "none"], default="all")
    parser.add_argument("--option", action="append", default=[])
    return parser.parse_args()


def main(args):
    try:
        import numpy
        import onnxruntime
    except ImportError as error:
        print(error, file=sys.stderr)
        return NO_ONNXRUNTIME
    try:
        session = make_session(onnxruntime, args.model, args)
        values_session, value_names = None, []
        shown = None if args.values == "none" else with_values(args.model, args.values)
        if shown is not None and shown[1]:
            values_session, value_names = make_session(onnxruntime, shown[0], args), shown[1]
        for i in range(args.count):
            run_batch(numpy, session, values_session, value_names, f"{args.folder}/in_{i}.npz",
                      f"{args.folder}/out_{i}.npz")
    except Exception as error:  # whatever ONNX Runtime throws is the message
        print(" ".join(str(error).split()), file=sys.stderr)
        return FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main(parse_arguments()))
