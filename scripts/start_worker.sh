#!/bin/sh
# numba refuses to start if its cache directory is not writable, even if all kernels are in it, and the root file system of
# the container is read-only. So this copies the kernels that the build compiled to a writable directory. On another kind
# of processor than the builder's they are compiled again, once per container.
set -eu
mkdir -p "$NUMBA_CACHE_DIR"
cp -R "$NUMBA_CACHE_SEED/." "$NUMBA_CACHE_DIR/"
exec "$@"
