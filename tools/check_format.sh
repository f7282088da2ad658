#!/usr/bin/env bash
# Whether every C++ file is laid out as clang-format with .clang-format does it; --fix makes it so.
# Tables (.inc) are left alone.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=(--dry-run -Werror)
if [ "${1:-}" = --fix ]; then mode=(-i); fi
find octet tests examples bench cmake tools \( -name '*.h' -o -name '*.cpp' \) -print0 2>/dev/null |
  sort -z | xargs -0 -n 50 -P "$(nproc)" clang-format "${mode[@]}"
