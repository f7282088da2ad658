#!/usr/bin/env bash
# Installs what is missing of the Debian packages that Octet is built from.
#
#   tools/install_dependencies.sh [build] [data] [checks]      (all three if none is named)
#
# Needs root or sudo only if something is missing. Made for Debian 12; elsewhere it lists what to
# install by hand.
set -euo pipefail

build=(cmake ninja-build g++ ccache pkg-config libtorch-dev libdnnl-dev libfmt-dev libspdlog-dev libcli11-dev
  libtomlplusplus-dev nlohmann-json3-dev libprotobuf-dev protobuf-compiler libhdf5-dev
  libarchive-dev zlib1g-dev libonnx-dev libopencv-dev libhwy-dev libgtest-dev libgmock-dev)
data=(dataset-fashion-mnist libonnx-testdata python3 python3-venv)
checks=(git python3 clang-format clang-tidy)

groups=("$@")
if [ ${#groups[@]} -eq 0 ]; then groups=(build data checks); fi
wanted=()
for group in "${groups[@]}"; do
  case $group in
    build) wanted+=("${build[@]}") ;;
    data) wanted+=("${data[@]}") ;;
    checks) wanted+=("${checks[@]}") ;;
    *)
      echo "[install_dependencies] unknown group '$group'; the groups are build, data, checks" >&2
      exit 2
      ;;
  esac
done

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "[install_dependencies] this is no Debian system; install what these packages hold:" >&2
  echo "  ${wanted[*]}" >&2
  exit 1
fi

missing=()
for package in $(printf '%s\n' "${wanted[@]}" | sort -u); do
  state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  if [ "$state" != installed ]; then missing+=("$package"); fi
done
if [ ${#missing[@]} -eq 0 ]; then exit 0; fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "[install_dependencies] needs root (or sudo) to install: ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

echo "installing ${#missing[@]} Debian packages: ${missing[*]}"
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)
log=$(mktemp)
if ! { "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends "${missing[@]}"; } \
  >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  echo "[install_dependencies] apt-get failed; everything that it said is in $log" >&2
  exit 1
fi
rm -f "$log"
