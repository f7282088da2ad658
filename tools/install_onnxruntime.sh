#!/usr/bin/env bash
# Makes build/onnxruntime, a Python virtual environment with onnx and onnxruntime from PyPI, by
# which tests judge the ONNX files that Octet writes.
#
# Does nothing where it is there already. Where it cannot be made (no python3-venv, no PyPI) it says
# so and succeeds: those tests are skipped then, with a message.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=build/onnxruntime
packages=(numpy onnx onnxruntime)
works() { "$folder/bin/python" -c 'import onnx, onnxruntime' >/dev/null 2>&1; }

if works; then exit 0; fi
mkdir -p build
log=build/install_onnxruntime.log
pip=("$folder/bin/python" -m pip --disable-pip-version-check install --quiet --timeout 15 --retries 1)
if { python3 -m venv "$folder" && timeout 300 "${pip[@]}" "${packages[@]}"; } >"$log" 2>&1 && works; then
  exit 0
fi
rm -rf "$folder"
echo "tests with ONNX Runtime will be skipped; it could not be installed ($log):"
tail -n 1 "$log"
