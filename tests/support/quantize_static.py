"""Makes files of ONNX Runtime's quantize_static for the tests, and says what they compute.

usage: quantize_static.py FOLDER

Writes FOLDER/x.npy and, for each way to quantize one small network, FOLDER/NAME.onnx and what
ONNX Runtime without optimizations gives for x, FOLDER/NAME.npy; FOLDER/names.json lists the names.
"""

import json
import logging
import pathlib
import sys

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

RANDOM = numpy.random.default_rng(0)
FORMATS = {"qdq": QuantFormat.QDQ, "qoperator": QuantFormat.QOperator}
TYPES = {"uint8": QuantType.QUInt8, "int8": QuantType.QInt8}


def weight(name, *shape):
    return numpy_helper.from_array(RANDOM.normal(0, 0.2, shape).astype(numpy.float32), name)


def constant(name, value, dtype):
    return numpy_helper.from_array(numpy.array(value, dtype), name)


def network():
    nodes = [
        helper.make_node("Conv", ["x", "w0", "b0"], ["c0"], "stem", pads=[1] * 4, strides=[2, 2]),
        helper.make_node("Relu", ["c0"], ["r0"], "relu"),
        helper.make_node("Conv", ["r0", "w1", "b1"], ["c1"], "depthwise", pads=[1] * 4, group=8),
        helper.make_node("Clip", ["c1", "low", "high"], ["r1"], "relu6"),
        helper.make_node("Conv", ["r1", "w2", "b2"], ["c2"], "pointwise"),
        helper.make_node("Add", ["c2", "r0"], ["a"], "residual"),
        helper.make_node("MaxPool", ["a"], ["m"], "pool", kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Sigmoid", ["m"], ["g"], "sigmoid"),
        helper.make_node("Mul", ["m", "g"], ["s"], "gate"),
        helper.make_node("LeakyRelu", ["s"], ["l"], "leaky", alpha=0.1),
        helper.make_node("Concat", ["s", "l"], ["k"], "concat", axis=1),
        helper.make_node("AveragePool", ["k"], ["v"], "average", kernel_shape=[2, 2]),
        helper.make_node("GlobalAveragePool", ["v"], ["p"], "global"),
        helper.make_node("Flatten", ["p"], ["f"], "flatten"),
        helper.make_node("Gemm", ["f", "w3", "b3"], ["h"], "gemm", transB=1),
        helper.make_node("MatMul", ["h", "w4"], ["o"], "matmul"),
        helper.make_node("Softmax", ["o"], ["y"], "softmax", axis=1),
    ]
    initializers = [
        weight("w0", 8, 3, 3, 3), weight("b0", 8), weight("w1", 8, 1, 3, 3), weight("b1", 8),
        weight("w2", 8, 8, 1, 1), weight("b2", 8), weight("w3", 10, 16), weight("b3", 10),
        weight("w4", 10, 6),
        constant("low", 0, numpy.float32), constant("high", 6, numpy.float32),
    ]  # fmt: skip
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 16, 16])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 6])
    graph = helper.make_graph(nodes, "net", [x], [y], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    return model


class Batches(CalibrationDataReader):
    def __init__(self):
        self.batches = iter([{"x": images()} for _ in range(2)])

    def get_next(self):
        return next(self.batches, None)


def images():
    return RANDOM.normal(0, 1, (4, 3, 16, 16)).astype(numpy.float32)


def result_of(path, x):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0]


def main():
    folder = pathlib.Path(sys.argv[1])
    logging.disable(logging.WARNING)
    onnx.save(network(), folder / "float.onnx")
    x = images()
    numpy.save(folder / "x.npy", x)
    names = []
    for form, quant_format in FORMATS.items():
        for activation, activation_type in TYPES.items():
            for per_channel in (False, True):
                name = f"{form}_{activation}_{'channel' if per_channel else 'tensor'}"
                path = folder / f"{name}.onnx"
                # Weights of 7 bits: sums of two products fit in 16 bits on every processor.
                quantize_static(
                    str(folder / "float.onnx"), str(path), Batches(),
                    quant_format=quant_format, per_channel=per_channel, reduce_range=True,
                    activation_type=activation_type, weight_type=QuantType.QInt8,
                )  # fmt: skip
                numpy.save(folder / f"{name}.npy", result_of(path, x))
                names.append(name)
    (folder / "names.json").write_text(json.dumps(names), encoding="utf-8")


main()
