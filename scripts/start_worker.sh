#!/bin/sh
# numba refuses to start where its cache directory cannot be written (even when all it wants is in there), and the root file
# system of the container is read-only. So the kernels compiled at build are copied to where writing is allowed. On another
# kind of processor than the builder's they are compiled again, once per container.
set -eu
mkdir -p "$NUMBA_CACHE_DIR"
cp -R "$NUMBA_CACHE_SEED/." "$NUMBA_CACHE_DIR/"
exec "$@"
