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

# Whether this user may build here.
can_write() { [[ -w . && (! -d build || -w build) ]]; }

need_to_write() {
  can_write || {
    say "$PWD cannot be written to: copy it to a folder of yours to build it."
    exit 1
  }
}

# A copied or moved checkout: ninja would go on building the sources where it was configured.
forget_other_sources() {
  local dir=$1 sources
  [[ -f $dir/CMakeCache.txt ]] || return 0
  sources=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$dir/CMakeCache.txt")
  [[ ! $sources -ef . ]] || return 0
  say "$dir was built from ${sources:-an unknown folder}: building it anew."
  rm -rf "$dir"
}

# compile FOLDER "TARGETS": into its build.log. Without targets nothing is built.
compile() {
  [[ $2 ]] || return 0
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
  forget_other_sources "$dir"
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
  if [[ $targets ]] && ! grep -q '^ninja: no work to do' "$log"; then
    say "Built $preset in $((SECONDS - start)) s."
  fi
}

# run_tests FOLDER CTEST_ARGUMENTS…: sets p, f and s, how many passed, failed and were skipped.
run_tests() {
  local dir=$1 code=0
  shift
  rm -f "$dir/junit.xml"
  ctest --test-dir "$dir" "$@" --no-tests=error -j "$((2 * $(nproc)))" --output-on-failure \
    --test-output-size-passed 1000000 --output-junit junit.xml || code=$?
  read -r p f s < <(tools/count_tests "$dir/junit.xml" || echo 0 1 0)
  ((code == 0 || f > 0)) || f=1
}
