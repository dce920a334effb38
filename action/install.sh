#!/usr/bin/env bash
# Installs mfp, and what the flows need, into an environment of its own: the workflow's Python
# stays as it is. The published action has the wheels of both packages in its folder; in a checkout,
# the packages beside this folder are taken. So the action's ref is the version, and nothing of our
# names is asked of an index, where others may have them.
#
#   install.sh key   tells under which key a cache may keep what pip downloads
#   install.sh       installs
set -euo pipefail

here=$GITHUB_ACTION_PATH
wheels=$here/wheels
packages=$here/../packages
environment=$RUNNER_TEMP/mfp
export PIP_CACHE_DIR=$RUNNER_TEMP/mfp-pip

fail() {
  echo "::error title=mfp::$1"
  exit 1
}

checksums() {
  if command -v sha256sum >/dev/null; then sha256sum "$@"; else shasum -a 256 "$@"; fi
}

# Sets `files` and `limits`.
read_inputs() {
  files=() limits=()
  while IFS= read -r file; do # one file a line
    if [ -n "$file" ]; then
      [ -f "$file" ] || fail "The input requirements names $file, which is not there."
      files+=("$file")
    fi
  done <<<"$REQUIREMENTS"
  case $CONSTRAINTS in
    none) ;;
    '') limits=("$here/constraints.txt") ;;
    *)
      [ -f "$CONSTRAINTS" ] || fail "The input constraints names $CONSTRAINTS, which is not there."
      limits=("$CONSTRAINTS")
      ;;
  esac
}

key() {
  local facts=("$packages/metaflow-prefect/pyproject.toml" "$packages/mfp/pyproject.toml")
  if [ -d "$wheels" ]; then
    facts=("$wheels/SHA256SUMS")
  fi
  {
    "$PYTHON" -c 'import platform; print(platform.platform(), platform.python_version())'
    cat -- "${facts[@]}" ${files+"${files[@]}"} ${limits+"${limits[@]}"}
  } | checksums | cut -d ' ' -f 1
}

install() {
  local wanted=("$packages/metaflow-prefect" "$packages/mfp") one
  if [ -d "$wheels" ]; then
    (cd "$wheels" && checksums --check SHA256SUMS >/dev/null) ||
      fail "The wheels of the action are not those of its release."
    wanted=("$wheels"/*.whl)
  fi
  for one in ${files+"${files[@]}"}; do wanted+=(-r "$one"); done
  for one in ${limits+"${limits[@]}"}; do wanted+=(-c "$one"); done
  "$PYTHON" -m venv --clear "$environment"
  "$environment/bin/python" -m pip install --disable-pip-version-check --quiet "${wanted[@]}" ||
    fail "mfp, or what the flows need, could not be installed; the log says why. If versions \
conflict, set the input constraints to a file of your own, or to none."
  "$environment/bin/mfp" --version
}

read_inputs
case ${1-} in
  key)
    found=$(key)
    echo "key=mfp-pip-$found" >>"$GITHUB_OUTPUT"
    ;;
  *) install ;;
esac
