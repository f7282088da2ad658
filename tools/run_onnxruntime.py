#!/usr/bin/env python3
"""Runs an ONNX model in ONNX Runtime: what `octet verify --with onnxruntime` calls.

    run_onnxruntime.py MODEL.onnx FOLDER COUNT

FOLDER/in_<i>.npz, i below COUNT, hold one batch each: input_<name> for every input of the model. FOLDER/out_<i>.npz is written: output_0, ... and, where the onnx package is there,
value_<name> of every value in the model. Exit code 3: there is no onnxruntime; 1: it failed, the
last line of standard error says why.
"""

import sys

NO_ONNXRUNTIME = 3
FAILED = 1


def with_all_values(path):
    """The model's bytes with every value as an output, and the names; None without onnx."""
    try:
        import onnx
    except ImportError:
        return None
    model = onnx.load(path)
    present = {output.name for output in model.graph.output}
    names = [name for node in model.graph.node for name in node.output if name]
    for name in names:
        if name not in present:
            model.graph.output.append(onnx.ValueInfoProto(name=name))
    return model.SerializeToString(), names


def make_session(runtime, model):
    options = runtime.SessionOptions()
    options.log_severity_level = 3
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


def main(path, folder, count):
    try:
        import numpy
        import onnxruntime
    except ImportError as error:
        print(error, file=sys.stderr)
        return NO_ONNXRUNTIME
    try:
        session = make_session(onnxruntime, path)
        values_session, value_names = None, []
        everything = with_all_values(path)
        if everything is not None:
            values_session, value_names = make_session(onnxruntime, everything[0]), everything[1]
        for i in range(int(count)):
            run_batch(numpy, session, values_session, value_names, f"{folder}/in_{i}.npz",
                      f"{folder}/out_{i}.npz")
    except Exception as error:  # whatever ONNX Runtime throws is the message
        print(" ".join(str(error).split()), file=sys.stderr)
        return FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
