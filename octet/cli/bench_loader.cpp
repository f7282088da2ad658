#include "octet/cli/bench_loader.h"

#include "octet/plan/stopwatch.h"

namespace octet::cli {

double loader_images_per_second(const DataOptions& options, int64_t image_size) {
  constexpr double kSeconds = 2;
  const std::unique_ptr<DataLoader> loader = open_training_data(options, image_size, /*seed=*/0);
  // What was made ahead before the clock starts is as much as is ahead when it stops.
  for (int i = 0; i < DataLoaderOptions().prefetch; ++i) loader->next();
  const plan::Stopwatch watch;
  int64_t images = 0;
  while (watch.seconds() < kSeconds) images += loader->next().image.size(0);
  return static_cast<double>(images) / watch.seconds();
}

}  // namespace octet::cli
