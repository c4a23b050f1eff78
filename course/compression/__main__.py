"""Make the tables of chapter 10 again, into `work/`.

    python -m course.compression methods      # the digits network, a minute
    python -m course.compression brittleness  # byte models over bytes per parameter, half an hour
    python -m course.compression timings      # milliseconds on this processor

Stop the first two when you like; the same command goes on where it was.
"""

import sys

from course.compression import brittleness, methods, timings
from course.experiments import runs


def main(arguments=None):
    """Run the command; `arguments` as a list of text, those of this process by default."""
    name, *rest = (sys.argv[1:] if arguments is None else arguments) or [""]
    plans = {"methods": methods, "brittleness": brittleness}
    if name == "timings":
        timings.write(runs.WORK / "my_compression_timings.csv")
    elif name in plans:
        runs.main(plans[name], __doc__, f"my_compression_{name}.csv", rest)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
