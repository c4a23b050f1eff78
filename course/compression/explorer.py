"""The explorer of chapter 10: what can I throw away?"""

from course.compression.plots import draw_throw_away
from course.compression.views import FAMILIES, throw_away
from course.explorer import Explorer, choice, log_slider
from course.units import format_bytes


def compression_explorer():
    """What can I throw away?"""
    return Explorer(
        "What can I throw away?",
        throw_away,
        draw_throw_away,
        _describe,
        controls={
            "method": choice("Method", FAMILIES, "int, a scale for each row"),
            "limit": log_slider("File at most", 0.003, 1, 0.15, format=lambda x: f"{x:.1%}"),
        },
    )


def _describe(view):
    one, allowed = view.chosen, format_bytes(view.limit * view.trained_bytes)
    if one is None:
        return f"No measured setting of “{view.method}” fits into {allowed}."
    verdict = one.beside_trained.verdict
    speed = (
        f"One picture takes {view.time_ratio:.2g} times as long as with the network as trained, on "
        "the machine of the table."
        if view.time_ratio
        else "It was not timed at this setting."
    )
    return (
        f"“{view.method}” at {one.setting:g} is the largest measured file within {allowed}: "
        f"{format_bytes(one.bytes)}, {view.trained_bytes / one.bytes:.1f} times smaller, accuracy "
        f"{one.accuracy:.1%}, {verdict} beside the network as trained. {speed}"
    )
