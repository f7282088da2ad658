# Shell functions that run-tests and run-demo share; they are run from the root of the sources.

# stage NAME COMMAND...: runs it, says how long it took, and ends the script if it fails.
stage() {
  local name=$1 begin=$SECONDS code=0
  shift
  printf '== %s\n' "$name"
  # In a subshell of its own, so that the first failing command of a function ends the stage.
  (
    set -e
    "$@"
  ) &
  wait $! || code=$?
  if [ "$code" -ne 0 ]; then
    printf '== %s: FAILED (exit code %s) after %s s\n' "$name" "$code" "$((SECONDS - begin))" >&2
    exit 1
  fi
  printf '== %s: %s s\n' "$name" "$((SECONDS - begin))"
}

# configure PRESET: quietly, unless it fails.
configure() {
  local log="build/configure_$1.log"
  mkdir -p build
  if ! cmake --preset "$1" >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    return 1
  fi
}

# build PRESET [TARGET]: everything, or the target; the log is build/build_PRESET.log.
build() {
  local log="build/build_$1.log" code=0
  local -a target=(${2:+--target "$2"})
  cmake --build --preset "$1" --parallel "$(nproc)" "${target[@]}" 2>&1 | tee "$log" |
    show_progress || code=$?
  if [ "$code" -ne 0 ]; then grep -E '(^FAILED:|error:)' "$log" >&2 || tail -n 20 "$log" >&2; fi
  return "$code"
}

# Of ninja's lines: one that is drawn over on a terminal, else every fiftieth.
show_progress() {
  if [ -t 1 ]; then
    while IFS= read -r line; do printf '\r\033[K%.*s' "$((${COLUMNS:-80} - 1))" "$line"; done
    printf '\r\033[K'
  else
    awk 'NR % 50 == 1'
  fi
}
