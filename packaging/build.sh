#!/bin/sh
# Make the plugin's archive for the machine this runs on: packaging/build.sh WHEEL ARCHIVE.tar.gz
set -eu

wheel=$(readlink -f "$1")
archive=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"${PYTHON:-python3}" -m venv "$work/python"
"$work/python/bin/pip" install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
    --requirement "$here/build.lock"
"$work/python/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-index "$wheel"
"$work/python/bin/pyinstaller" --log-level WARN --noconfirm \
    --distpath "$work/dist" --workpath "$work/build" "$here/kubectl-containerjob.spec"

plugin=$work/dist/kubectl-containerjob
cp "$here/../LICENSE" "$plugin/"
# An archive that cannot say its own version, or find its own commands, is not published.
"$plugin/kubectl-containerjob" version --client >/dev/null
for verb in $("$plugin/kubectl-containerjob" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
    if [ "$verb" != local ]; then "$plugin/kubectl-containerjob" "$verb" --help >/dev/null; fi
done
"$plugin/kubectl_complete-containerjob" li | grep -q '^list'

mkdir -p "$(dirname "$archive")"
tar -czf "$archive" -C "$work/dist" kubectl-containerjob
