"""The one pattern of the course's explorers: move a slider, see the picture and its sentence.

    compute(**values) -> result     pure, tested without a widget
    draw(axes) -> update            draws what stands still, fixes the limits, and makes what moves
                                    with animated=True; update(result) only sets data on it
    describe(result) -> str         the sentence below the picture

Only the moving artists are drawn again, onto a stored background: ten times as fast as a new
figure. The front end of ipywidgets sends one change at a time and merges those that come while the
kernel is busy (its `_pending_msgs`), so a dragged slider cannot pile up work, and no throttle is
needed here. JupyterLab may run the callbacks of two widgets at once, in two threads ("comms over
subshells"), so redraws take turns.
"""

import base64
import html
import io
import math
import threading

import ipywidgets as widgets
import numpy as np
from IPython.display import display
from PIL import Image
from traitlets import observe

from course.figures import new_figure, thin_markers
from course.units import format_count

_TIDY = (1, 1.5, 2, 3, 5, 7)
_MAIN_CONTROLS = 3  # more than three and a learner turns knobs instead of asking a question


class Explorer:
    """A picture, a sentence, and at most three controls; further ones under "Advanced".

    A ValueError of `compute` is shown in place of the sentence and the picture is greyed until a
    good value comes. The last expression of a cell shows it: live with a kernel, as a PNG of the
    start values and the sentence where there is none (GitHub, HTML).

    Args:
        title: the line above the controls.
        compute: values of the controls -> result, pure.
        draw: axes -> update, a function that sets a result on the artists that move.
        describe: result -> the sentence below the picture.
        controls: argument of `compute` -> ipywidget, one to three of them.
        advanced: the same for further arguments, folded away.

    Raises:
        ValueError: no control, more than three, a name twice, a start that is not on a step.
            Whatever `compute`, `draw` or `describe` raise at the start values passes on.
    """

    def __init__(self, title, compute, draw, describe, controls, advanced=None):
        advanced = advanced or {}
        if not 1 <= len(controls) <= _MAIN_CONTROLS:
            raise ValueError(
                f"controls must be 1 to {_MAIN_CONTROLS}, the rest advanced; got {list(controls)}"
            )
        if twice := controls.keys() & advanced.keys():
            raise ValueError(f"controls and advanced must differ, both have {sorted(twice)}")
        for name, control in (controls | advanced).items():
            if not _on_a_step(control):
                raise ValueError(
                    f"{name} starts at {control.value}, not on a step of {control.step} from "
                    f"{control.min}: the browser would move it, and the stored picture be another"
                )
        self.title = title
        self.controls = {**controls, **advanced}
        self._compute, self._describe = compute, describe
        self._start = {name: control.value for name, control in self.controls.items()}
        self._canvas = _Canvas(draw)
        self._resetting = False
        self._turn = threading.Lock()

        width, height = self._canvas.size
        # The browser keeps this ratio of width to height while the next picture loads.
        self._image = widgets.Image(
            width=width, height=height, layout={"height": "auto", "max_width": "100%"}
        )
        # A fixed height (five lines), so that a longer sentence does not move the page below.
        self._sentence = widgets.HTML(layout={"height": "8em", "overflow": "auto"})
        self._reset = widgets.Button(description="Reset")
        self._reset.on_click(self._on_reset)
        for control in self.controls.values():
            control.style.description_width = "13em"
            control.layout.width = "auto"
            control.observe(self._refresh, names="value")
        parts = [widgets.HTML(f"<b>{html.escape(title)}</b>"), *controls.values()]
        if advanced:
            inside = widgets.VBox(list(advanced.values()))
            parts.append(widgets.Accordion([inside], titles=["Advanced"], selected_index=None))
        self.widget = widgets.VBox(
            [*parts, self._reset, self._image, self._sentence],
            layout={"width": f"{width + 20}px", "max_width": "100%"},
        )
        sentence, self._image.value = self._view(self._start)
        self._say(html.escape(sentence))

    def picture(self, **values):
        """The PNG bytes for these values and the start values of the others; bad ones raise."""
        with self._turn:
            return self._view(self._with_start(values), compress_level=9)[1]

    def sentence(self, **values):
        """The sentence for these values and the start values of the others; bad ones raise."""
        return self._describe(self._compute(**self._with_start(values)))

    def show(self):
        """Display the explorer once: live, and as picture and sentence for where no kernel runs."""
        words = f"{self.title} {self.sentence()}"
        bundle = {
            **self.widget._repr_mimebundle_(),
            "image/png": base64.b64encode(self.picture()).decode("ascii"),
            "text/plain": words,
        }
        display(bundle, metadata={"image/png": {"alt": words}}, raw=True)

    _ipython_display_ = show

    def _with_start(self, values):
        if unknown := values.keys() - self._start.keys():
            raise ValueError(f"{sorted(unknown)} not among the controls {list(self._start)}")
        return {**self._start, **values}

    def _view(self, values, compress_level=1):
        result = self._compute(**values)
        sentence = self._describe(result)
        self._canvas.draw(result)
        return sentence, self._canvas.png(compress_level)

    def _refresh(self, _change=None):
        if self._resetting:  # the reset itself redraws last, with all values
            return
        with self._turn:
            try:
                sentence, image = self._view({k: c.value for k, c in self.controls.items()})
                words = html.escape(sentence)
            except Exception as error:  # a callback's exception would vanish into Jupyter's log
                kind = "" if type(error) is ValueError else f"{type(error).__name__}: "
                words = f"<b>No result.</b> {html.escape(f'{kind}{error}')}"
                self._canvas.grey()
                image = self._canvas.png(compress_level=1)
            self._image.value = image
            self._say(words)

    def _say(self, words):
        self._sentence.value = f'<div style="line-height: 1.4">{words}</div>'

    def _on_reset(self, _button):
        self._resetting = True  # one new picture, not one for each control
        try:
            for name, control in self.controls.items():
                control.value = self._start[name]
        finally:
            self._resetting = False
        self._refresh()


class _Canvas:
    """A figure whose still part is drawn once, and whose animated artists are drawn on a copy."""

    def __init__(self, draw):
        self._figure, axes = new_figure()
        self._update = draw(axes)
        self._moving = self._figure.findobj(lambda artist: artist.get_animated())
        if not callable(self._update) or not self._moving:
            raise ValueError("draw must make artists with animated=True and return update(result)")
        self._moving.sort(key=lambda artist: artist.get_zorder())
        thin_markers(self._figure)
        canvas = self._figure.canvas
        canvas.draw()
        self._figure.set_layout_engine("none")
        self._background = canvas.copy_from_bbox(self._figure.bbox)
        self._figure.stale = False
        self.size = canvas.get_width_height()

    def draw(self, result):
        self._update(result)
        if self._figure.stale:
            raise RuntimeError(
                "update changed something that stands still (limits, a title, a new artist): "
                "only artists made with animated=True are drawn again"
            )
        thin_markers(self._figure)
        self._figure.canvas.restore_region(self._background)
        for artist in self._moving:
            self._figure.draw_artist(artist)

    def grey(self):
        """The still part alone, paled: no number of an earlier state can be read off it."""
        self._figure.canvas.restore_region(self._background)
        pixels = np.asarray(self._figure.canvas.buffer_rgba())
        pixels[:] = 0.35 * pixels + 0.65 * 225

    def png(self, compress_level):
        # Compressing harder takes longer than drawing; only a stored picture is worth it.
        file = io.BytesIO()
        image = Image.fromarray(np.asarray(self._figure.canvas.buffer_rgba())).convert("RGB")
        image.save(file, format="PNG", compress_level=compress_level)
        return file.getvalue()


def _on_a_step(control):
    if getattr(control, "step", None) is None or not hasattr(control, "min"):
        return True
    steps = (control.value - control.min) / control.step
    return math.isclose(steps, round(steps), abs_tol=1e-6)


def log_slider(label, low, high, start, format=format_count):
    """A slider over the tidy values 1, 1.5, 2, 3, 5, 7 × 10^k between two ends.

    Args:
        label: the name beside the slider.
        low, high: its ends, which are values too.
        start: the value at the start, also one of the values.
        format: makes the readout of a value: 7e10 reads 70B.

    Raises:
        ValueError: unless 0 < low <= start <= high.
    """
    if not 0 < low <= start <= high < math.inf:
        raise ValueError(f"log_slider needs 0 < low <= start <= high, got {low}, {start}, {high}")
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    tidy = (float(f"{step}e{power}") for power in powers for step in _TIDY)
    values = sorted({float(low), float(start), float(high), *(v for v in tidy if low <= v <= high)})
    options = [(format(value), value) for value in values]
    return widgets.SelectionSlider(options=options, value=float(start), description=label)


def choice(label, options, start):
    """A drop-down list of `options` (names, or a dict of name: value) that starts at `start`.

    None may be a value. Raises ValueError where `start` is none of the values.
    """
    values = list(options.values() if isinstance(options, dict) else options)
    if start not in values:
        raise ValueError(f"start must be one of {values}, got {start!r}")
    dropdown = _Choice(options=options, description=label)
    dropdown.index = values.index(start)
    return dropdown


class _Choice(widgets.Dropdown):
    """A drop-down list in which None is a value; to ipywidgets' own it means "nothing chosen"."""

    @observe("value")
    def _propagate_value(self, change):
        self.index = self._options_values.index(change.new)
