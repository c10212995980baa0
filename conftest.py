"""pytest in this checkout: the matrix's options, cells and closing table (conformance/plugin.py)."""

import os
import signal

# Inductor compiles in the process that asks: a pool of its own costs every worker several processes that import PyTorch.
os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")
# Read when a process starts, so for workers: compilers work in threads, and each thread's arena keeps what it frees.
os.environ.setdefault("MALLOC_ARENA_MAX", "2")
if "PYTEST_XDIST_WORKER" in os.environ:
    # A worker has one processor: the threads of several would wait for each other. Read when a framework is imported.
    os.environ.update({"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"})
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that starts tests in the background has them ignore Ctrl-C, and what they start as well; some tests press it.
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = ["conformance.plugin"]
