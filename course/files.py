"""Files that other programs look at, too."""

import os
import time

WAITS_S = (0.05, 0.1, 0.2, 0.4, 0.8)


def replace(source, target):
    """`os.replace`, tried again where it is refused: on Windows a virus scanner or an indexer holds
    a fresh file for a moment. After 1.6 s in all the PermissionError is raised, and both files are
    as they were."""
    for wait_s in WAITS_S:
        try:
            return os.replace(source, target)
        except PermissionError:
            time.sleep(wait_s)
    return os.replace(source, target)
