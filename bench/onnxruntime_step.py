#!/usr/bin/env python3
"""Times forward passes of ONNX Runtime's CPU kernels at its highest optimization level, on random
images. Prints one JSON object. bench/inference runs it."""

import argparse
import json
import time

import numpy
import onnxruntime


def open_session(path, threads):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="a .onnx file with one input (N, C, H, W)")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--warm-up", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    session = open_session(options.model, options.threads)
    image = session.get_inputs()[0]
    shape = (options.batch, *image.shape[1:])
    feed = {image.name: numpy.random.default_rng(0).standard_normal(shape, dtype=numpy.float32)}
    seconds = []
    for _ in range(options.warm_up + options.steps):
        begin = time.perf_counter()
        session.run(None, feed)
        seconds.append(time.perf_counter() - begin)
    print(json.dumps({"seconds": seconds[options.warm_up:], "threads": options.threads,
                      "onnxruntime": onnxruntime.__version__}))


if __name__ == "__main__":
    main()
