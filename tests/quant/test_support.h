// What several tests of octet/quant need.
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <sstream>
#include <string>
#include <vector>

#include "octet/base/error.h"
#include "octet/base/logging.h"

namespace octet {

// The message of the Error that `action` throws; "no error" if it throws none.
template <class Action>
std::string message_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

// Collects what is logged while it lives, in place of printing it.
class LogCapture {
 public:
  LogCapture() : sink_(std::make_shared<spdlog::sinks::ostream_sink_mt>(text_)) {
    sink_->set_pattern("%l: %v");
    logger().sinks() = {sink_};
  }
  ~LogCapture() { logger().sinks() = sinks_; }
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;

  std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::vector<spdlog::sink_ptr> sinks_ = logger().sinks();
  std::shared_ptr<spdlog::sinks::ostream_sink_mt> sink_;
};

inline at::Tensor floats(const std::vector<float>& values) {
  return at::tensor(values);
}

inline at::Tensor doubles(const std::vector<double>& values) {
  return at::tensor(values, at::kDouble);
}

inline std::vector<float> to_vector(const at::Tensor& t) {
  const at::Tensor flat = t.detach().to(at::kCPU, at::kFloat).contiguous().view(-1);
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

// The i-th of a fixed sequence of numbers spread over [0, 1): values for tests without a generator
// whose stream may change.
inline double spread(int64_t i) {
  const double x = static_cast<double>(i) * 0.6180339887498949;
  return x - std::floor(x);
}

// n normally distributed numbers (quantiles at spread positions).
inline at::Tensor bell(int64_t n) {
  at::Tensor u = at::empty({n}, at::kDouble);
  for (int64_t i = 0; i < n; ++i) u.data_ptr<double>()[i] = 2 * spread(i + 1) - 1;
  return (at::erfinv(u) * std::sqrt(2.0)).to(at::kFloat);
}

}  // namespace octet
