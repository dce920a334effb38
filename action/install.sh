#!/usr/bin/env bash
# Installs mfp, and what the flows need, into an environment of its own: the workflow's Python
# stays as it is. In a checkout, the packages beside this folder are installed, so that the ref is
# the version; the published action has a file VERSION instead.
set -euo pipefail
trap 'echo "::error title=mfp::mfp, or what the flows need, could not be installed; see the log."' ERR

environment=$RUNNER_TEMP/mfp
packages=$GITHUB_ACTION_PATH/../packages

if [ -z "$VERSION" ] && [ -f "$GITHUB_ACTION_PATH/VERSION" ]; then
  VERSION=$(<"$GITHUB_ACTION_PATH/VERSION")
fi
if [ -n "$VERSION" ]; then
  wanted=("metaflow-prefect==$VERSION" "metaflow-prefect-cli==$VERSION")
else
  wanted=("$packages/metaflow-prefect" "$packages/mfp")
fi
# One file a line.
while IFS= read -r file; do
  if [ -n "$file" ]; then
    wanted+=(-r "$file")
  fi
done <<<"$REQUIREMENTS"

"$PYTHON" -m venv --clear "$environment"
"$environment/bin/python" -m pip install --disable-pip-version-check --quiet "${wanted[@]}"
"$environment/bin/mfp" --version
