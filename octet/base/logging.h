// Messages for people. One logger, on stderr, so that standard output stays data.
#pragma once

#include <spdlog/spdlog.h>

namespace octet {

// The library's logger. Its level is `info` unless the environment variable OCTET_LOG names another
// of spdlog's levels (trace, debug, info, warn, error, off).
spdlog::logger& logger();

template <class... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  logger().info(fmt::format(format, std::forward<Args>(args)...));
}

template <class... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
  logger().warn(fmt::format(format, std::forward<Args>(args)...));
}

template <class... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
  logger().debug(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace octet
