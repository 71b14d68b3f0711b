# SPDX-License-Identifier: MIT
#
# What ./run and ./test share: packages, then a build that is quiet unless it fails. Everything is
# said on stderr, so that stdout is the program's own.

cd "$(dirname "${BASH_SOURCE[0]}")/.."

# One compiler a core, and a gigabyte and a half for each: a small machine swaps otherwise.
jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemAvailable:/ { print int($2 / 1572864) }' /proc/meminfo)
  ((memory < cores)) && cores=$memory
  echo "$((cores > 0 ? cores : 1))"
}

say() { printf '%s\n' "$*" >&2; }

# Shows ninja's counter on a terminal, nothing elsewhere. Reads the build's output.
follow() {
  local line
  if [[ ! -t 2 ]]; then
    cat >/dev/null
    return
  fi
  while IFS= read -r line; do
    [[ $line == \[*/*\]* ]] && printf '\r\e[K%.*s' "$((${COLUMNS:-80} - 1))" "$line" >&2
  done
  printf '\r\e[K' >&2
}

# folder PRESET: where a preset builds.
folder() { [[ $1 == release ]] && echo build || echo "build-$1"; }

# compile FOLDER "TARGETS": into its build.log.
compile() {
  # shellcheck disable=SC2086 # the targets are words
  NINJA_STATUS='[%f/%t] ' cmake --build "$1" -j "$(jobs)" --target $2 2>&1 |
    tee "$1/build.log" | follow
}

# build PRESET "TARGETS" [CONFIGURE_ARGUMENTS…]: configures when there is a reason to, and builds.
build() {
  local preset=$1 targets=$2 dir log start status=0
  shift 2
  dir=$(folder "$preset")
  log=$dir/build.log
  start=$SECONDS
  mkdir -p "$dir"
  if [[ ! -f $dir/build.ninja || CMakePresets.json -nt $dir/CMakeCache.txt || $# -gt 0 ]]; then
    cmake --preset "$preset" "$@" >"$log" 2>&1 || {
      say "Configuring the $preset build failed ($log):"
      sed 's/^/  /' "$log" >&2
      return 1
    }
  fi
  compile "$dir" "$targets" || status=$?
  # The system's headers were upgraded to ones that are older than this build: ninja sees nothing.
  if ((status)) && grep -q 'since the precompiled header' "$log"; then
    find "$dir" -name '*.pch' -delete
    status=0
    compile "$dir" "$targets" || status=$?
  fi
  if ((status)); then
    say "Building $preset failed ($log):"
    { sed -n '/^FAILED: /,$p' "$log" | grep . || cat "$log"; } | head -n 100 >&2
    return 1
  fi
  if ! grep -q '^ninja: no work to do' "$log"; then
    say "Built $preset in $((SECONDS - start)) s."
  fi
}
