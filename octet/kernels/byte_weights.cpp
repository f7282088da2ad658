#include "octet/kernels/byte_weights.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace octet::kernels {
namespace {

// What a group of eight or of four products costs, beside pairs of int16 for as many.
constexpr double kTwoQuadsCost = 0.68, kOneQuadCost = 0.85;

int64_t quads_of_run(const ChannelBlock& block) {
  // A multiple of two, for either kind of group.
  return (2 * block.run_pairs + 2 * kQuad - 1) / (2 * kQuad) * 2;
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
  gathered.assign(quads_of_run(block) * kQuad * kPanelChannels, 0);
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

// Whether the products of a group, positions 0 and 1 of its quads and positions 2 and 3, stay
// within int16 whatever x is. The loops over channels are vectors to the compiler.
bool is_exact(const int8_t* group, int quads, int32_t highest_x) {
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
  return *std::ranges::max_element(most) * highest_x <= std::numeric_limits<int16_t>::max() &&
         *std::ranges::min_element(least) * highest_x >= std::numeric_limits<int16_t>::min();
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

// The group in two halves.
int8_t* store_halves(const int8_t* group, int quads, int8_t* to) {
  int8_t half[2 * kQuad * kPanelChannels], rest[2 * kQuad * kPanelChannels];
  for (int64_t i = 0; i < quads * kQuad * kPanelChannels; ++i) {
    half[i] = static_cast<int8_t>(group[i] / 2);
    rest[i] = static_cast<int8_t>(group[i] - half[i]);
  }
  return store_group(rest, quads, store_group(half, quads, to));
}

}  // namespace

ByteWeights::ByteWeights(const ConvolutionPlan& plan) {
  const auto runs = static_cast<int64_t>(plan.runs.size());
  for (const ChannelBlock& block : plan.blocks) {
    blocks_.push_back({.groups = runs * quads_of_run(block), .first = panel_entries_});
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
void ByteWeights::pack_panel(const ConvolutionPlan& plan, const Weight* weights, int64_t panel,
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
      for (int64_t quad = 0; quad < quads_of_run(block); quad += quads_) {
        const int8_t* group = gathered.data() + quad * kQuad * kPanelChannels;
        const auto place = static_cast<int32_t>(plan.runs[run] * block.count + quad * kQuad);
        *offset++ = place;
        if (is_exact(group, quads_, highest_x)) {
          to = store_group(group, quads_, to);
        } else {
          *offset++ = place;
          to = store_halves(group, quads_, to);
        }
      }
    }
    entries_[panel * blocks + b] = offset - (offsets_.data() + first);
  }
}

template <class Weight>
bool ByteWeights::pack(const ConvolutionPlan& plan, const Weight* weights, int32_t highest_x,
                       int threads) {
  quads_ = highest_x <= std::numeric_limits<int8_t>::max() ? 2 : 1;
#pragma omp parallel for num_threads(threads) schedule(static) if (plan.panels() > 1)
  for (int64_t panel = 0; panel < plan.panels(); ++panel) {
    pack_panel(plan, weights, panel, highest_x);
  }
  int64_t quads = 0, pairs = 0;
  for (const int64_t entries : entries_) quads += entries * quads_;
  for (const ChannelBlock& block : plan.blocks) {
    pairs += plan.panels() * static_cast<int64_t>(plan.runs.size()) * block.run_pairs;
  }
  const double cost = quads_ == 2 ? kTwoQuadsCost : kOneQuadCost;
  return cost * static_cast<double>(2 * quads) < static_cast<double>(pairs);
}

template bool ByteWeights::pack(const ConvolutionPlan&, const int8_t*, int32_t, int);
template bool ByteWeights::pack(const ConvolutionPlan&, const float*, int32_t, int);

}  // namespace octet::kernels
