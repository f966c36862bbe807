#!/bin/sh
# The steps of the image's build stage: `tools`, `packages EXTRA...`, then `product`. Only wheels whose hashes stand
# in the locks are installed, so that no compiler and no other build system is ever needed.
set -eu

TOOLS=/tools
HOME_FOLDER=/opt/containerjob
SBOM=$HOME_FOLDER/sbom.cdx.json

# Wheels that were collected outside stand for every index.
offline() {
    if ls /wheels/*.whl >/dev/null 2>&1; then echo "--no-index --find-links /wheels"; fi
}

uv() {
    /uv/bin/uv --quiet "$@"
}

tools() {
    # A base may come without pip: then its wheel is among those collected, and a wheel can be run where it lies.
    if ! python3 -m pip --version >/dev/null 2>&1; then PYTHONPATH=$(ls /wheels/pip-*.whl); export PYTHONPATH; fi
    # shellcheck disable=SC2046
    python3 -m pip install --quiet --require-hashes --only-binary :all: $(offline) \
        --target /uv --requirement /install/bootstrap.lock
    unset PYTHONPATH
    uv venv --python "$(command -v python3)" "$TOOLS"
    # shellcheck disable=SC2046
    uv pip install --python "$TOOLS/bin/python" --require-hashes --only-binary :all: $(offline) \
        --requirement /install/build.lock
}

packages() {
    extras=$(printf -- '--extra %s ' "$@")
    if [ ! -d "$HOME_FOLDER" ]; then uv venv --python "$(command -v python3)" "$HOME_FOLDER"; fi
    # shellcheck disable=SC2046,SC2086
    uv pip install --python "$HOME_FOLDER/bin/python" --require-hashes --only-binary :all: $(offline) \
        --constraint /wheels/requirements.lock --requirement /wheels/pyproject.toml $extras
}

product() {
    "$TOOLS/bin/hatchling" build --target wheel --directory /dist >/dev/null
    uv pip install --python "$HOME_FOLDER/bin/python" --no-deps --no-index --reinstall /dist/*.whl
    # Readers trust such bytecode without looking at times, which differ from build to build.
    python3 -m compileall -q -f -j 0 --invalidation-mode unchecked-hash "$HOME_FOLDER/lib"
    rm -f "$HOME_FOLDER"/bin/activate* "$HOME_FOLDER"/bin/*.bat "$HOME_FOLDER"/bin/deactivate*
    "$TOOLS/bin/cyclonedx-py" environment --output-reproducible --spec-version 1.6 --output-format JSON \
        --mc-type application --pyproject /source/pyproject.toml --output-file "$SBOM" "$HOME_FOLDER/bin/python"
}

"$@"
