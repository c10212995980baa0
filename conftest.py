"""pytest in this checkout: the matrix's options, cells and closing table (conformance/plugin.py)."""

import os

if "PYTEST_XDIST_WORKER" in os.environ:
    # A worker has one processor: the threads of several would wait for each other. Read when a framework is imported.
    os.environ.update({"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"})

pytest_plugins = ["conformance.plugin"]
