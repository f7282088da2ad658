#!/usr/bin/env python3
"""Runs a .nnp file in NNabla: what `octet verify --with nnabla` calls.

    run_nnabla.py MODEL.nnp FOLDER COUNT [--values WHICH]

FOLDER/in_<i>.npz, i below COUNT, hold one batch each: input_<name> for every input of the network.
FOLDER/out_<i>.npz is written: output_0, ... and, where WHICH is all, value_<name> of everything that
a function computes. Network and outputs are those of the first executor; a file without executors
has its first network run for whatever no function reads. Exit code 3: there is no nnabla; 1: it
failed, the last line of standard error says why.
"""

import argparse
import logging
import sys

NO_NNABLA = 3
FAILED = 1


def chosen_network(loader):
    """The name of the network, and those of its outputs (None: all that NNabla names)."""
    executors = list(loader.g.executors.values())
    if not executors:
        return loader.get_network_names()[0], None
    proto = executors[0].proto
    return proto.network_name, [output.variable_name for output in proto.output_variable]


def batch_size(loader, name, inputs):
    """What the file leaves open, by the inputs; None where it leaves nothing open."""
    variables = loader.network_dict[name].variables
    for key, value in inputs.items():
        shape = variables[key].shape if key in variables else []
        if len(shape) > 0 and shape[0] < 1:
            return value.shape[0]
    return None


def readable(numpy, value):
    """Octet's reader of .npy has no unsigned integers beyond those of 8 bits."""
    value = numpy.array(value)
    wide = value.dtype.kind == "u" and value.dtype.itemsize > 1
    return value.astype(numpy.int64) if wide else value


class Recorder:
    """Copies what each function computes as soon as it is there, before another one may write into
    the same memory."""

    def __init__(self, numpy):
        self.numpy = numpy
        self.values = {}

    def __call__(self, function):
        for output in function.outputs:
            if output.name:
                self.values[output.name] = readable(self.numpy, output.d)


def run_network(nnabla, numpy, loader, inputs):
    """Outputs in order, and all values by name, of a network on `inputs` by name."""
    name, outputs = chosen_network(loader)
    network = loader.get_network(name, batch_size=batch_size(loader, name, inputs))
    for key, value in inputs.items():
        network.inputs[key].d = value
    if outputs is None:
        outputs = list(network.outputs)
    recorder = Recorder(numpy)
    nnabla.forward_all([network.variables[key] for key in outputs],
                       function_post_hook=recorder)
    # An output that no function computes is an input or a parameter.
    results = [recorder.values[key] if key in recorder.values
               else readable(numpy, network.variables[key].d) for key in outputs]
    return results, recorder.values


def run_batch(nnabla, numpy, loader, which, source, target):
    arrays = numpy.load(source)
    inputs = {name[len("input_"):]: arrays[name] for name in arrays.files}
    outputs, values = run_network(nnabla, numpy, loader, inputs)
    results = {f"output_{i}": value for i, value in enumerate(outputs)}
    if which == "all":
        results.update({f"value_{key}": value for key, value in values.items()})
    numpy.savez(target, **results)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("folder")
    parser.add_argument("count", type=int)
    parser.add_argument("--values", choices=["all", "none"], default="all")
    return parser.parse_args()


def main(args):
    try:
        import numpy
        import nnabla
        from nnabla.utils.nnp_graph import NnpLoader
    except ImportError as error:
        print(error, file=sys.stderr)
        return NO_NNABLA
    logging.getLogger("nnabla").setLevel(logging.ERROR)
    try:
        loader = NnpLoader(args.model)
        for i in range(args.count):
            run_batch(nnabla, numpy, loader, args.values, f"{args.folder}/in_{i}.npz",
                      f"{args.folder}/out_{i}.npz")
    except Exception as error:  # whatever NNabla throws is the message
        print(type(error).__name__ + ":", " ".join(str(error).split()), file=sys.stderr)
        return FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main(parse_arguments()))
