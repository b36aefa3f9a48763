#!/bin/sh
# Is every package of requirements.lock there as a wheel for each Python and machine that CONTRIBUTING.md names?
#   sh deploy/wheels.sh .venv/bin/uv
# Who has no compiler could not install another. It asks the registry, and installs nothing. Not asked for: the extra
# fuzz, which only `make soak` needs.
set -eu
uv=$1
cd "$(dirname "$0")/.."
export MACOSX_DEPLOYMENT_TARGET=14.0   # what PyTorch asks for

for machine in x86_64-manylinux_2_28 aarch64-manylinux_2_28 aarch64-apple-darwin; do
    for version in 3.11 3.12 3.13; do
        echo "$machine, Python $version"
        "$uv" pip install --quiet --dry-run --target "${TMPDIR:-/tmp}/nothing-is-installed" \
            --python-platform "$machine" --python-version "$version" --only-binary :all: --require-hashes \
            -c requirements.lock -r pyproject.toml \
            --extra dev --extra cluster --extra cluster-tests --extra hub --extra launchers
    done
done
