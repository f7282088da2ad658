// Random numbers for data: the same on every platform, and a function of the seed, the epoch and
// the example alone, so that neither the number of workers nor an interruption changes them.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace octet {

// std::mt19937_64, whose output the C++ standard fixes, with draws of our own, since those of
// std::uniform_*_distribution differ between standard libraries.
class DataRandom {
 public:
  // The generator for one example in one epoch.
  DataRandom(uint64_t seed, int64_t epoch, int64_t index);

  // Uniform in 0..bound-1, without bias. bound > 0.
  int64_t below(int64_t bound);
  // Uniform in [low, high).
  double uniform(double low, double high);

 private:
  std::mt19937_64 engine_;
};

// The numbers 0..size-1 in an order that depends only on seed and epoch (Fisher and Yates'
// shuffle in Durstenfeld's form, Knuth TAOCP vol. 2, algorithm 3.4.2P).
std::vector<int64_t> shuffled_order(int64_t size, uint64_t seed, int64_t epoch);

}  // namespace octet
