#include "octet/kernels/byte_weights.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>

namespace octet::kernels {
namespace {

// What the products of a group of so many quads cost, beside pairs of int16 for as many.
struct GroupCost {
  int quads;
  double cost;
};
constexpr GroupCost kGroupCosts[] = {{4, 0.61}, {2, 0.66}, {1, 0.83}};
constexpr int kMostQuads = 4;

// A multiple of those of a group.
int64_t quads_of_run(const ChannelBlock& block, int quads) {
  const int64_t positions = quads * kQuad;
  return (2 * block.run_pairs + positions - 1) / positions * quads;
}

// The weights of one run of a panel: (position in the run, channel).
template <class Weight>
void gather_run(const ConvolutionPlan& plan, const Weight* weights, int64_t panel,
                const ChannelBlock& block, int64_t run, std::vector<int8_t>& gathered) {
  const ConvolutionShape& s = plan.shape;
  const int64_t taps = s.kernel_h * s.kernel_w, kernel = plan.section_in * taps;
  const int64_t in_section = panel % plan.section_panels * kPanelChannels;
  const int64_t lanes = std::min(kPanelChannels, plan.section_out - in_section);
  const int64_t run_taps = taps / static_cast<int64_t>(plan.runs.size());
  weights += (panel / plan.section_panels * plan.section_out + in_section) * kernel;
  gathered.assign(quads_of_run(block, kMostQuads) * kQuad * kPanelChannels, 0);
  int8_t* to = gathered.data();
  for (int64_t tap = run * run_taps; tap < (run + 1) * run_taps; ++tap) {
    for (int64_t c = 0; c < block.count; ++c, to += kPanelChannels) {
      const Weight* from = weights + (block.begin + c) * taps + tap;
      for (int64_t lane = 0; lane < lanes; ++lane) {
        to[lane] = static_cast<int8_t>(1 * from[lane * kernel]);
      }
    }
  }
}

// The largest sums of weights in a group that are added up: those at the positions 0 and 1 of its
// quads, and at the positions 2 and 3.
struct Extremes {
  int32_t most = 0;   // of positive ones
  int32_t least = 0;  // of negative ones

  // Whether the products stay within int16 whatever x is.
  bool is_exact(int32_t highest_x) const {
    return most * highest_x <= std::numeric_limits<int16_t>::max() &&
           least * highest_x >= std::numeric_limits<int16_t>::min();
  }
};

// The loops over channels are vectors to the compiler.
Extremes extremes_of(const int8_t* group, int quads) {
  int16_t most[kPanelChannels] = {}, least[kPanelChannels] = {};
  for (int half = 0; half < 2; ++half) {
    int16_t positive[kPanelChannels] = {}, negative[kPanelChannels] = {};
    for (int quad = 0; quad < quads; ++quad) {
      const int8_t* w = group + (quad * kQuad + 2 * half) * kPanelChannels;
      for (int64_t c = 0; c < kPanelChannels; ++c) {
        const auto a = static_cast<int16_t>(w[c]), b = static_cast<int16_t>(w[c + kPanelChannels]);
        constexpr int16_t zero = 0;
        positive[c] += std::max(a, zero) + std::max(b, zero);
        negative[c] += std::min(a, zero) + std::min(b, zero);
      }
    }
    for (int64_t c = 0; c < kPanelChannels; ++c) {
      most[c] = std::max(most[c], positive[c]);
      least[c] = std::min(least[c], negative[c]);
    }
  }
  return {*std::ranges::max_element(most), *std::ranges::min_element(least)};
}

// (position, channel) to (quad, channel, 4), as a processor with products of bytes reads them: the
// first of four in the lowest byte.
int8_t* store_group(const int8_t* group, int quads, int8_t* to) {
  const auto byte = [](int8_t w, int shift) { return uint32_t{static_cast<uint8_t>(w)} << shift; };
  for (int quad = 0; quad < quads; ++quad, group += kQuad * kPanelChannels) {
    const int8_t *first = group, *second = first + kPanelChannels;
    const int8_t *third = second + kPanelChannels, *fourth = third + kPanelChannels;
    uint32_t packed[kPanelChannels];
    for (int64_t c = 0; c < kPanelChannels; ++c) {
      packed[c] = byte(first[c], 0) | byte(second[c], 8) | byte(third[c], 16) | byte(fourth[c], 24);
    }
    std::memcpy(to, packed, sizeof(packed));
    to += sizeof(packed);
  }
  return to;
}

// The group in two halves, of which the second has the larger numbers; false if they are too large.
bool store_halves(const int8_t* group, int quads, int32_t highest_x, int8_t*& to) {
  int8_t half[kMostQuads * kQuad * kPanelChannels], rest[kMostQuads * kQuad * kPanelChannels];
  for (int64_t i = 0; i < quads * kQuad * kPanelChannels; ++i) {
    half[i] = static_cast<int8_t>(group[i] / 2);
    rest[i] = static_cast<int8_t>(group[i] - half[i]);
  }
  if (!extremes_of(rest, quads).is_exact(highest_x)) return false;
  to = store_group(rest, quads, store_group(half, quads, to));
  return true;
}

}  // namespace

ByteWeights::ByteWeights(const ConvolutionPlan& plan) {
  const auto runs = static_cast<int64_t>(plan.runs.size());
  for (const ChannelBlock& block : plan.blocks) {
    blocks_.push_back({.groups = runs * quads_of_run(block, kMostQuads), .first = panel_entries_});
    panel_entries_ += 2 * blocks_.back().groups;
  }
  entries_.resize(plan.panels() * blocks_.size());
  weights_ = AlignedBuffer<int8_t>(plan.panels() * panel_entries_ * kQuad * kPanelChannels);
  offsets_ = AlignedBuffer<int32_t>(plan.panels() * panel_entries_);
}

ByteWeights::Block ByteWeights::block(int64_t panel, int64_t index) const {
  const int64_t first = panel * panel_entries_ + blocks_[index].first;
  return {.weights = weights_.data() + first * kQuad * kPanelChannels,
          .offsets = offsets_.data() + first,
          .entries = entries_[panel * static_cast<int64_t>(blocks_.size()) + index]};
}

template <class Weight>
bool ByteWeights::pack_panel(const ConvolutionPlan& plan, const Weight* weights, int64_t panel,
                             int32_t highest_x) {
  const auto blocks = static_cast<int64_t>(blocks_.size());
  std::vector<int8_t> gathered;
  for (int64_t b = 0; b < blocks; ++b) {
    const ChannelBlock& block = plan.blocks[b];
    const int64_t first = panel * panel_entries_ + blocks_[b].first;
    int8_t* to = weights_.data() + first * kQuad * kPanelChannels;
    int32_t* offset = offsets_.data() + first;
    for (size_t run = 0; run < plan.runs.size(); ++run) {
      gather_run(plan, weights, panel, block, static_cast<int64_t>(run), gathered);
      for (int64_t quad = 0; quad < quads_of_run(block, quads_); quad += quads_) {
        const int8_t* group = gathered.data() + quad * kQuad * kPanelChannels;
        const auto place = static_cast<int32_t>(plan.runs[run] * block.count + quad * kQuad);
        *offset++ = place;
        if (extremes_of(group, quads_).is_exact(highest_x)) {
          to = store_group(group, quads_, to);
        } else {
          *offset++ = place;
          if (!store_halves(group, quads_, highest_x, to)) return false;
        }
      }
    }
    entries_[panel * blocks + b] = offset - (offsets_.data() + first);
  }
  return true;
}

template <class Weight>
double ByteWeights::pack_groups(const ConvolutionPlan& plan, const Weight* weights, int quads,
                                int32_t highest_x, int threads) {
  quads_ = quads;
  bool possible = true;
#pragma omp parallel for num_threads(threads) schedule(static) reduction(&& : possible) \
    if (plan.panels() > 1)
  for (int64_t panel = 0; panel < plan.panels(); ++panel) {
    possible = pack_panel(plan, weights, panel, highest_x) && possible;
  }
  if (!possible) return std::numeric_limits<double>::infinity();
  const int64_t entries = std::accumulate(entries_.begin(), entries_.end(), int64_t{0});
  const double cost = std::ranges::find(kGroupCosts, quads, &GroupCost::quads)->cost;
  return cost * static_cast<double>(2 * entries * quads);
}

template <class Weight>
bool ByteWeights::pack(const ConvolutionPlan& plan, const Weight* weights, int32_t highest_x,
                       int threads) {
  double least = 0;  // pairs of int16
  for (const ChannelBlock& block : plan.blocks) {
    least += static_cast<double>(plan.panels() * static_cast<int64_t>(plan.runs.size()) *
                                 block.run_pairs);
  }
  const auto cost_of = [&](int quads) {
    return pack_groups(plan, weights, quads, highest_x, threads);
  };
  if (quads_ != 0 && cost_of(quads_) < least) return true;
  int best = 0;
  for (const GroupCost& group : kGroupCosts) {
    const double cost = cost_of(group.quads);
    if (cost >= least) continue;
    least = cost;
    best = group.quads;
  }
  if (best != 0 && quads_ != best) cost_of(best);
  quads_ = best;
  return best != 0;
}

template bool ByteWeights::pack(const ConvolutionPlan&, const int8_t*, int32_t, int);
template bool ByteWeights::pack(const ConvolutionPlan&, const float*, int32_t, int);

}  // namespace octet::kernels
