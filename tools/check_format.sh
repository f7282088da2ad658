#!/usr/bin/env bash
# Whether every C++ file is laid out as clang-format with .clang-format does it; --fix makes it so.
# Tables (.inc) are left alone.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=(--dry-run -Werror)
if [ "${1:-}" = --fix ]; then mode=(-i); fi
find . -path ./build -prune -o -path './.*' -prune -o \( -name '*.h' -o -name '*.cpp' \) -print0 |
  sort -z | xargs -0 -n 50 -P "$(nproc)" clang-format "${mode[@]}"
