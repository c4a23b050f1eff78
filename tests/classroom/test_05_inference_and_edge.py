"""The set of chapter 5: the model answer agrees with the course; importing that earns nothing."""

import pytest

from course.accounting.transformer import TransformerShape
from course.classroom import judge, release

EXERCISES = judge.load(release.ROOT / "solutions/judges/05_inference_and_edge.py")


def test_the_model_answer_counts_as_the_library_does():
    exercise = EXERCISES["05.3"]
    for part in exercise.properties:
        for case in part.cases:
            (config,) = case.args if isinstance(case, judge.Case) else case
            shape = TransformerShape.from_config(config)
            assert exercise.reference(config) == shape.n_params


@pytest.mark.parametrize("number", ["05.3"])
def test_importing_it_earns_nothing(number):
    def llama_params(config):
        return TransformerShape.from_config(config).n_params

    exercise = {number: EXERCISES[number]}
    found = judge.collect({"llama_params": llama_params}, judge.requests(exercise))
    assert judge.grade(exercise, found)["points"] == 0
