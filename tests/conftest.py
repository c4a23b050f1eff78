"""No deadline in property tests, one thread in each process: no test may fail, or take minutes,
because a machine is busy. Threads that wait for one another are many times slower under load."""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # before numpy and torch are loaded

from hypothesis import settings  # noqa: E402

settings.register_profile("course", deadline=None)
settings.load_profile("course")
