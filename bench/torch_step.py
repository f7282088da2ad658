#!/usr/bin/env python3
"""Times training steps of PyTorch: forward, zero_grad, backward, update by SGD with momentum and
weight decay, on random data, channels-last. Prints one JSON object. bench/compare runs it.

Variants:
  float           the float network
  compile         the same through torch.compile
  fx_qat          FX graph mode QAT: observers and fake quantizers on, batch statistics
  fx_qat_frozen   the same with ranges and batch normalization frozen, as at the end of a QAT
  pt2e_qat        torchao's PT2E QAT with the x86 quantizer
"""

import argparse
import json
import time

import torch

from torch_networks import MODELS, build


def float_network(model, _):
    return model


def compiled_network(model, _):
    return torch.compile(model)


def fx_qat_network(model, options):
    from torch.ao.quantization import get_default_qat_qconfig_mapping
    from torch.ao.quantization.quantize_fx import prepare_qat_fx

    mapping = get_default_qat_qconfig_mapping(options.qconfig)
    return prepare_qat_fx(model.train(), mapping, (images(options, 2),))


def frozen_fx_qat_network(model, options):
    prepared = fx_qat_network(model, options)
    prepared(images(options, options.batch))  # ranges to freeze
    prepared.apply(torch.ao.quantization.disable_observer)
    prepared.apply(torch.nn.intrinsic.qat.freeze_bn_stats)
    return prepared


def pt2e_qat_network(model, options):
    from torchao.quantization.pt2e import move_exported_model_to_train
    from torchao.quantization.pt2e.quantize_pt2e import prepare_qat_pt2e
    from torchao.quantization.pt2e.quantizer import x86_inductor_quantizer as x86

    quantizer = x86.X86InductorQuantizer()
    quantizer.set_global(x86.get_default_x86_inductor_quantization_config(is_qat=True))
    example = (images(options, options.batch),)
    exported = torch.export.export(model.train(), example).module()
    prepared = prepare_qat_pt2e(exported, quantizer)
    return move_exported_model_to_train(prepared)


VARIANTS = {"float": float_network, "compile": compiled_network, "fx_qat": fx_qat_network,
            "fx_qat_frozen": frozen_fx_qat_network, "pt2e_qat": pt2e_qat_network}


def images(options, batch):
    shape = (batch, 3, options.image_size, options.image_size)
    return torch.randn(shape).to(memory_format=torch.channels_last)


def timed_steps(network, options):
    x = images(options, options.batch)
    labels = torch.randint(0, options.classes, (options.batch,))
    loss_of = torch.nn.CrossEntropyLoss()
    # A rate of 0: the same work, and nothing that random labels could make diverge.
    solver = torch.optim.SGD(network.parameters(), lr=0.0, momentum=0.9, weight_decay=1e-4)
    # Some more for torch.compile, which compiles in its first steps.
    warm_up = options.warm_up + (3 if options.variant == "compile" else 0)
    seconds = []
    for _ in range(warm_up + options.steps):
        begin = time.perf_counter()
        loss = loss_of(network(x), labels)
        solver.zero_grad()
        loss.backward()
        solver.step()
        loss.item()
        seconds.append(time.perf_counter() - begin)
    return seconds[warm_up:]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("--variant", choices=list(VARIANTS), default="float")
    parser.add_argument("--qconfig", default="fbgemm", help="of FX QAT: fbgemm, onednn, ...")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--image-size", type=int, default=224)
    parser.add_argument("--classes", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--warm-up", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    model = build(options.model, options.classes).train().to(memory_format=torch.channels_last)
    network = VARIANTS[options.variant](model, options)
    seconds = timed_steps(network, options)
    print(json.dumps({"seconds": seconds, "torch": torch.__version__,
                      "threads": torch.get_num_threads()}))


if __name__ == "__main__":
    main()
