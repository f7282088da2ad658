#include "octet/cli/comparison_report.h"

#include <fmt/format.h>

#include <cmath>

#include "octet/cli/table.h"

namespace octet::cli {

namespace {

std::string text_of(double value) {
  return fmt::format("{:.3g}", value);
}

nlohmann::ordered_json decibels_of(const SignalToNoise& ratio) {
  const double decibels = ratio.decibels();
  if (!std::isfinite(decibels)) return nullptr;
  return decibels;
}

}  // namespace

void print_layers(const std::vector<LayerDifference>& layers) {
  Table table{{"value", "type", "max abs", "mean abs", "max rel", "mean rel", "steps", "differ %"}};
  for (const LayerDifference& layer : layers) {
    const Difference& d = layer.difference;
    table.push_back({layer.value, layer.type, text_of(d.max_absolute), text_of(d.mean_absolute()),
                     text_of(d.max_relative), text_of(d.mean_relative()),
                     d.has_steps ? text_of(d.max_steps) : "", text_of(d.share())});
  }
  if (!layers.empty()) print_table(table, /*first_number=*/2);
}

void print_noise(const QuantizationNoise& noise) {
  Table table{{"value", "type", "held against", "SQNR dB"}};
  for (const LayerNoise& layer : noise.layers()) {
    table.push_back(
        {layer.value, layer.type, layer.quantized, fmt::format("{:.1f}", layer.ratio.decibels())});
  }
  print_table(table, /*first_number=*/3);
  if (noise.unmatched().empty()) return;
  Table unmatched{{"not compared", "type", "because"}};
  for (const UnmatchedValue& value : noise.unmatched()) {
    unmatched.push_back({value.value, value.type, value.reason});
  }
  print_table(unmatched);
}

void add_noise(const QuantizationNoise& noise, nlohmann::ordered_json& figures,
               nlohmann::ordered_json& details) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const LayerNoise& layer : noise.layers()) {
    list.push_back({{"value", layer.value},
                    {"type", layer.type},
                    {"held_against", layer.quantized},
                    {"sqnr_db", decibels_of(layer.ratio)},
                    {"signal", layer.ratio.signal},
                    {"noise", layer.ratio.noise}});
  }
  nlohmann::ordered_json unmatched = nlohmann::ordered_json::array();
  for (const UnmatchedValue& value : noise.unmatched()) {
    unmatched.push_back({{"value", value.value}, {"type", value.type}, {"reason", value.reason}});
  }
  if (!list.empty()) {
    figures["sqnr_db"] = list[0]["sqnr_db"];
    figures["sqnr_worst_value"] = list[0]["value"];
  }
  figures["sqnr_values"] = list.size();
  figures["sqnr_unmatched"] = unmatched.size();
  details["sqnr"] = std::move(list);
  details["unmatched"] = std::move(unmatched);
}

nlohmann::ordered_json figures_of(const Difference& d) {
  nlohmann::ordered_json figures = {
      {"max_absolute", d.max_absolute}, {"mean_absolute", d.mean_absolute()},
      {"max_relative", d.max_relative}, {"mean_relative", d.mean_relative()},
      {"differing", d.differing},       {"differing_percent", d.share()},
      {"elements", d.elements}};
  if (d.has_steps) figures["max_steps"] = d.max_steps;
  if (d.nans_a + d.nans_b > 0) {
    figures["nan_a"] = d.nans_a;
    figures["nan_b"] = d.nans_b;
  }
  return figures;
}

nlohmann::ordered_json details_of(const std::vector<LayerDifference>& layers) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const LayerDifference& layer : layers) {
    nlohmann::ordered_json entry = {{"value", layer.value}, {"type", layer.type}};
    entry.update(figures_of(layer.difference));
    list.push_back(std::move(entry));
  }
  return {{"layers", list}};
}

}  // namespace octet::cli
