"""Writing a file in one piece, also where another program holds it for a moment."""

import os
import time

_WAITS_S = (0.05, 0.1, 0.2, 0.4, 0.8)  # a virus scanner lets go within a second or two


def replace(source, target):
    """`os.replace(source, target)`, tried again while another program holds the target.

    Windows refuses to replace a file that a virus scanner or an editor has open. Raises
    PermissionError when it is still refused after about 1.5 seconds.
    """
    for wait_s in _WAITS_S:
        try:
            return os.replace(source, target)
        except PermissionError:
            time.sleep(wait_s)
    return os.replace(source, target)
