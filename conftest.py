"""pytest in this checkout: the matrix's options, cells and closing table (conformance/plugin.py)."""

import os

# Inductor compiles in the process that asks: a pool of its own costs every worker several processes that import PyTorch.
os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")
# Read when a process starts, so for workers: compilers work in threads, and each thread's arena keeps what it frees.
os.environ.setdefault("MALLOC_ARENA_MAX", "2")
if "PYTEST_XDIST_WORKER" in os.environ:
    # A worker has one processor: the threads of several would wait for each other. Read when a framework is imported.
    os.environ.update({"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"})

pytest_plugins = ["conformance.plugin"]
