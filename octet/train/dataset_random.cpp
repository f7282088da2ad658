#include "octet/train/dataset_random.h"

#include <numeric>
#include <utility>

#include "octet/base/error.h"

namespace octet {
namespace {

// The index under which shuffled_order draws; no example has it.
constexpr int64_t kShuffleIndex = -1;

// SplitMix64's output function (Steele, Lea, Flood, "Fast splittable pseudorandom number
// generators", 2014). Neighbouring seeds, epochs and indices must not give related generators.
uint64_t mix_bits(uint64_t value) {
  value += 0x9e3779b97f4a7c15ull;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ull;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebull;
  return value ^ (value >> 31);
}

uint64_t mix_seed(uint64_t seed, int64_t epoch, int64_t index) {
  const uint64_t with_epoch = mix_bits(mix_bits(seed) ^ static_cast<uint64_t>(epoch));
  return mix_bits(with_epoch ^ static_cast<uint64_t>(index));
}

}  // namespace

DataRandom::DataRandom(uint64_t seed, int64_t epoch, int64_t index)
    : engine_(mix_seed(seed, epoch, index)) {}

int64_t DataRandom::below(int64_t bound) {
  OCTET_INTERNAL_CHECK(bound > 0);
  const uint64_t range = static_cast<uint64_t>(bound);
  // Draws under 2^64 mod range are thrown away: what is left is a multiple of range.
  const uint64_t rest = (0 - range) % range;
  uint64_t draw = engine_();
  while (draw < rest) draw = engine_();
  return static_cast<int64_t>(draw % range);
}

double DataRandom::uniform(double low, double high) {
  const double unit = static_cast<double>(engine_() >> 11) * 0x1p-53;
  return low + unit * (high - low);
}

std::vector<int64_t> shuffled_order(int64_t size, uint64_t seed, int64_t epoch) {
  std::vector<int64_t> order(size);
  std::iota(order.begin(), order.end(), int64_t{0});
  DataRandom random(seed, epoch, kShuffleIndex);
  for (int64_t last = size - 1; last > 0; --last) {
    std::swap(order[last], order[random.below(last + 1)]);
  }
  return order;
}

}  // namespace octet
