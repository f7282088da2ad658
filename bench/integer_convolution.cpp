// IntegerConvolution beside oneDNN's float32 convolution of the same layer: the least of many runs.
//
//   build/release/bench/integer_convolution [BATCH [WHAT]]      16, and the layers whose name has
//   WHAT
#include <dnnl.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "octet/kernels/integer_convolution.h"

using namespace octet::kernels;

namespace {

struct Layer {
  const char* name;
  int64_t groups, in, size, out, kernel, stride;
};

constexpr Layer kLayers[] = {
    {"resnet conv1 7x7 s2", 1, 3, 224, 64, 7, 2},
    {"resnet18 3x3 64", 1, 64, 56, 64, 3, 1},
    {"resnet18 3x3 64-128 s2", 1, 64, 56, 128, 3, 2},
    {"resnet18 1x1 64-128 s2", 1, 64, 56, 128, 1, 2},
    {"resnet18 3x3 128", 1, 128, 28, 128, 3, 1},
    {"resnet18 3x3 256", 1, 256, 14, 256, 3, 1},
    {"resnet18 3x3 512", 1, 512, 7, 512, 3, 1},
    {"resnet50 1x1 64-256", 1, 64, 56, 256, 1, 1},
    {"resnet50 1x1 256-64", 1, 256, 56, 64, 1, 1},
    {"resnet50 1x1 512-128", 1, 512, 28, 128, 1, 1},
    {"resnet50 1x1 256-1024", 1, 256, 14, 1024, 1, 1},
    {"resnet50 1x1 1024-256", 1, 1024, 14, 256, 1, 1},
    {"resnet50 1x1 512-2048", 1, 512, 7, 2048, 1, 1},
    {"resnet50 1x1 2048-512", 1, 2048, 7, 512, 1, 1},
    {"mobilenet conv1 3x3 s2", 1, 3, 224, 32, 3, 2},
    {"mobilenet 1x1 32-64", 1, 32, 112, 64, 1, 1},
    {"mobilenet 1x1 128", 1, 128, 56, 128, 1, 1},
    {"mobilenet 1x1 256", 1, 256, 28, 256, 1, 1},
    {"mobilenet 1x1 512", 1, 512, 14, 512, 1, 1},
    {"mobilenet 1x1 1024", 1, 1024, 7, 1024, 1, 1},
    {"mobilenet dw 32", 32, 32, 112, 32, 3, 1},
    {"mobilenet dw 64 s2", 64, 64, 112, 64, 3, 2},
    {"mobilenet dw 128", 128, 128, 56, 128, 3, 1},
    {"mobilenet dw 256", 256, 256, 28, 256, 3, 1},
    {"mobilenet dw 512", 512, 512, 14, 512, 3, 1},
    {"mobilenet dw 1024", 1024, 1024, 7, 1024, 3, 1},
};

ConvolutionShape shape_of(const Layer& layer, int64_t batch) {
  const int64_t pad = layer.kernel / 2;
  const int64_t out = (layer.size + 2 * pad - layer.kernel) / layer.stride + 1;
  return {.batch = batch,
          .groups = layer.groups,
          .in_channels = layer.in,
          .in_height = layer.size,
          .in_width = layer.size,
          .out_channels = layer.out,
          .out_height = out,
          .out_width = out,
          .kernel_h = layer.kernel,
          .kernel_w = layer.kernel,
          .stride_h = layer.stride,
          .stride_w = layer.stride,
          .pad_top = pad,
          .pad_left = pad};
}

// Milliseconds of the quickest run within a third of a second.
template <class Function>
double quickest(const Function& function) {
  using Clock = std::chrono::steady_clock;
  double least = std::numeric_limits<double>::infinity();
  function();
  const auto end = Clock::now() + std::chrono::milliseconds(333);
  do {
    const auto start = Clock::now();
    function();
    least =
        std::min(least, std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  } while (Clock::now() < end);
  return least;
}

struct IntegerTimes {
  double pack, run, run_with_bits;
};

IntegerTimes integer_times(const ConvolutionShape& s, Layout layout, bool rectified) {
  std::mt19937 engine(1);
  std::vector<int8_t> x(s.batch * s.in_channels * s.in_height * s.in_width);
  for (int8_t& value : x) value = static_cast<int8_t>(rectified ? engine() % 128 : engine());
  std::vector<float> weights(s.out_channels * s.in_channels / s.groups * s.kernel_h * s.kernel_w);
  // As those of a network, most of them small.
  std::normal_distribution<float> normal(0, 30);
  for (float& value : weights) value = std::clamp(std::round(normal(engine)), -127.0F, 127.0F);
  const std::vector<float> multiplier(s.out_channels, 0.001F);
  std::vector<int8_t> y(s.batch * s.out_channels * s.out_height * s.out_width);
  std::vector<uint8_t> passes(y.size() / 8 + s.batch * s.out_height * s.out_width);
  IntegerConvolution convolution(s, /*signed_activations=*/true,
                                 s.in_channels % 8 == 0 ? layout : Layout::kPlain, layout,
                                 rectified);
  const Requantization requantization{.multiplier = multiplier, .activation = Activation::kReLU};
  const auto run = [&](uint8_t* bits) {
    return quickest([&] { convolution.run(x.data(), 0, requantization, y.data(), bits); });
  };
  IntegerTimes times{};
  times.pack = quickest([&] { convolution.pack_weights(weights.data(), 0); });
  times.run = run(nullptr);
  times.run_with_bits = run(passes.data());
  return times;
}

double float_time(const ConvolutionShape& s) {
  using dnnl::memory;
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  const auto any = [](const memory::dims& dims) {
    return memory::desc(dims, memory::data_type::f32, memory::format_tag::any);
  };
  memory::dims weights{s.out_channels, s.in_channels / s.groups, s.kernel_h, s.kernel_w};
  if (s.groups > 1) {
    weights[0] /= s.groups;
    weights.insert(weights.begin(), s.groups);
  }
  const auto after = [](int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t pad) {
    return (out - 1) * stride + kernel - in - pad;
  };
  const dnnl::convolution_forward::desc desc(
      dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct,
      any({s.batch, s.in_channels, s.in_height, s.in_width}), any(weights),
      any({s.batch, s.out_channels, s.out_height, s.out_width}), {s.stride_h, s.stride_w},
      {s.pad_top, s.pad_left},
      {after(s.in_height, s.out_height, s.kernel_h, s.stride_h, s.pad_top),
       after(s.in_width, s.out_width, s.kernel_w, s.stride_w, s.pad_left)});
  const dnnl::convolution_forward::primitive_desc plan(desc, engine);
  const dnnl::convolution_forward convolution(plan);
  const std::unordered_map<int, memory> arguments{
      {DNNL_ARG_SRC, memory(plan.src_desc(), engine)},
      {DNNL_ARG_WEIGHTS, memory(plan.weights_desc(), engine)},
      {DNNL_ARG_DST, memory(plan.dst_desc(), engine)}};
  for (const auto& [id, value] : arguments) {
    std::fill_n(static_cast<float*>(value.get_data_handle()),
                value.get_desc().get_size() / sizeof(float), 1.0F);
  }
  return quickest([&] {
    convolution.execute(stream, arguments);
    stream.wait();
  });
}

}  // namespace

int main(int argc, char** argv) {
  const int64_t batch = argc > 1 ? std::atoi(argv[1]) : 16;
  const std::string what = argc > 2 ? argv[2] : "";
  std::printf(
      "batch %lld; ms: integers in channels last, blocked by 8, with gradient bits,\n"
      "behind a ReLU;\n",
      static_cast<long long>(batch));
  std::printf("float32 of oneDNN (sums alone); speed; GOP/s; packing of weights\n");
  for (const Layer& layer : kLayers) {
    if (std::string(layer.name).find(what) == std::string::npos) continue;
    const ConvolutionShape s = shape_of(layer, batch);
    const IntegerTimes last = integer_times(s, Layout::kChannelsLast, false);
    const IntegerTimes blocked = integer_times(s, Layout::kBlocked8, false);
    const IntegerTimes rectified = integer_times(s, Layout::kChannelsLast, true);
    const double real = float_time(s);
    const double operations = 2.0 * s.batch * s.out_channels * s.out_height * s.out_width *
                              s.in_channels / s.groups * s.kernel_h * s.kernel_w;
    std::printf("%-24s %8.3f %8.3f %8.3f %8.3f %8.3f %5.2fx %6.0f %7.3f %7.3f\n", layer.name,
                last.run, blocked.run, last.run_with_bits, rectified.run, real,
                real / rectified.run, operations / rectified.run * 1e-6, last.pack, rectified.pack);
    std::fflush(stdout);
  }
}
