#!/bin/sh
# Registers the engine behind a socket of the operator's own machine as DockerHost @NAME@.
# Read it first. It needs kubectl with the rights to create DockerHosts.
set -eu
kubectl apply -f - <<'MANIFEST'
@MANIFEST@
MANIFEST
kubectl wait --for=condition=Ready --timeout=60s dockerhost/@NAME@
