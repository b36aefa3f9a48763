#!/bin/sh
# Installs the project in the environment of the Python $1, with the versions and hashes of requirements.lock and nothing
# else:   sh deploy/install.sh .venv/bin/python --extra dev
# uv does it; pip, which every environment has, brings uv.
set -eu
# its path: uv takes a bare name for that of a virtual environment, which an image has not
python=$(command -v "$1") || { echo "There is no $1 to install into." >&2; exit 1; }
shift
cd "$(dirname "$0")/.."

sed -n '/^uv==/,/[^\\]$/p' requirements.lock |
    "$python" -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r /dev/stdin
# uv looks for wheels where pip is told to
UV_FIND_LINKS=${UV_FIND_LINKS:-${PIP_FIND_LINKS:-}}
[ -z "$UV_FIND_LINKS" ] || export UV_FIND_LINKS

# compiled now: whoever may not write there, or has PYTHONDONTWRITEBYTECODE set, would compile it again at each start
locked() {
    "$python" -m uv --quiet pip install --python "$python" --compile-bytecode --require-hashes -c requirements.lock "$@"
}
# PyTorch's CPU build, a tenth of the size, where there is one to be found
cpu=""
if locked --dry-run --no-deps -r torch-cpu.lock 2>/dev/null; then
    cpu="-c torch-cpu.lock"
fi
# shellcheck disable=SC2086
locked $cpu -r pyproject.toml "$@"
"$python" -m uv --quiet pip install --python "$python" --no-deps --no-build-isolation -e .
"$python" -m compileall -q mkt_assets mkt_sample
