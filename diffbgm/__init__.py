"""Background music for film cuts. Importing this package imports nothing heavy."""

import os

__version__ = "0.1.0"

# Before torch loads OpenMP: threads that wait shall sleep. Where they spin, a machine that is busy
# with something else (an editor, a render) makes the network fifty times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
