"""The button that grades a set, pressed in a real JupyterLab."""

import shutil

import pytest
from playwright.sync_api import expect

from course.classroom.copies import ROOT
from tests.browser import lab

pytestmark = pytest.mark.skipif(
    lab.CHROMIUM is None, reason="no Chromium or Chrome found: the button is not pressed"
)
NAME = "00_orders_of_magnitude"
BUTTON = f"from course.classroom.finish import finish_button\n\nfinish_button({NAME!r})"
WRONG = "def training_flops(n_params, n_tokens):\n    return 2 * n_params * n_tokens"


def test_the_button_asks_to_save_then_grades_what_was_saved(tmp_path):
    shutil.copy(ROOT / f"exercises/{NAME}/checks.json", tmp_path)
    path = lab.write_notebook(tmp_path / f"{NAME}.ipynb", WRONG, BUTTON)
    with lab.Lab(tmp_path) as open_lab:
        notebook = open_lab.open(path)
        notebook.run_all()
        button = notebook.page.get_by_role("button", name="Grade this notebook")
        result = notebook.page.locator(".jp-OutputArea pre", has_text=f"{NAME}")

        button.click()
        expect(result).to_contain_text("00.1 Training compute · 0 of 3 points", timeout=60_000)
        expect(result).to_contain_text("There is no `pf_days`.")

        right = WRONG.replace("2 *", "6 *")
        notebook.page.evaluate(
            "source => panel.content.widgets[0].model.sharedModel.setSource(source)", right
        )
        notebook.run_all()
        button.click()
        note = notebook.page.locator(".jp-OutputArea pre", has_text="press again")
        expect(note).to_contain_text("what you ran last for training_flops", timeout=60_000)

        notebook.page.evaluate("panel.context.save()")
        button.click()
        expect(result).to_contain_text("00.1 Training compute · 3 of 3 points", timeout=60_000)
        expect(button).to_be_enabled()
