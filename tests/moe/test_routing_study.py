"""Who gets which token: the committed router, and what it follows."""

import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import mutual_info_score

from course.experiments import fleet
from course.experiments.sweep import read_table
from course.moe import routing_study, training


def test_the_committed_weights_reach_the_loss_that_is_recorded():
    model, about = routing_study.router()
    loss, shares = training.held_out_shares(model, training.corpus().text("held_out"))
    same = about["corpus"] == fleet.provenance()["corpus"]
    assert loss == pytest.approx(about["loss"], abs=0.02 if same else 0.2)
    assert shares.max() < 0.35
    assert routing_study.WEIGHTS.stat().st_size < 600_000


def test_it_is_the_run_of_the_table():
    _, about = routing_study.router()
    (row,) = [
        row
        for row in read_table(training.TABLE)
        if all(row[name] == value for name, value in about["run"].items())
    ]
    assert about["loss"] == pytest.approx(row["loss"], abs=0.005)  # but for 16 bits


@settings(max_examples=30, deadline=None)
@given(st.text(min_size=1, max_size=16))
def test_any_text_has_a_way(text):
    found = routing_study.expert_of_each_byte(text)
    length = len(text.encode("utf-8", errors="surrogatepass"))
    assert found.experts.shape == found.gates.shape == (3, length, 2)
    assert found.probs.shape == (3, length, 8)
    assert len(found.characters) == length
    assert (found.experts[..., 0] != found.experts[..., 1]).all()
    np.testing.assert_allclose(found.gates.sum(-1), 1, rtol=1e-5)
    best = np.take_along_axis(found.probs, found.experts, -1)
    np.testing.assert_allclose(found.gates, best / best.sum(-1, keepdims=True), rtol=1e-4)


def test_a_byte_sees_only_those_before_it():
    one, other = (
        routing_study.expert_of_each_byte("def f(x):"),
        routing_study.expert_of_each_byte("def f(x, y=3)"),
    )
    np.testing.assert_allclose(one.probs[:, :7], other.probs[:, :7], atol=1e-5)


def test_what_is_typed_is_shown_and_too_much_is_refused_in_words():
    assert routing_study.expert_of_each_byte("a \n语").characters == (
        "a",
        "␣",
        "⏎",
        "E8",
        "AF",
        "AD",
    )
    with pytest.raises(ValueError, match=r"at most 64 bytes long, .* is 66 bytes"):
        routing_study.expert_of_each_byte("语" * 22)
    for bad in ("", None, b"abc"):
        with pytest.raises(ValueError, match="text must hold at least one character"):
            routing_study.expert_of_each_byte(bad)


def test_it_answers_while_one_types():
    routing_study.expert_of_each_byte("x" * 64)
    seconds = []
    for _ in range(9):
        start = time.thread_time()
        routing_study.expert_of_each_byte("x" * 64)
        seconds.append(time.thread_time() - start)
    assert min(seconds) < 0.03


def test_mutual_information_is_that_of_scikit_learn():
    generator = np.random.default_rng(0)
    one = generator.integers(0, 5, 500)
    other = (one + generator.integers(0, 3, 500)) % 4
    ours = routing_study.mutual_information(one, other)
    assert ours == pytest.approx(mutual_info_score(one, other) / np.log(2))
    assert routing_study.mutual_information(one, one) == pytest.approx(
        -sum(p * np.log2(p) for p in np.bincount(one) / 500)
    )
    with pytest.raises(ValueError, match="one and other"):
        routing_study.mutual_information(one, other[:4])


def test_mutual_information_of_bytes_as_they_are_stored():
    one = np.array([0, 255, 255, 0], np.uint8)
    assert routing_study.mutual_information(one, one) == pytest.approx(1)
    with pytest.raises(ValueError, match="from 0, got -1"):
        routing_study.mutual_information(np.array([-1, 0]), np.array([0, 1]))


def test_classes_cover_all_bytes():
    kinds = routing_study.classes_of(np.arange(256, dtype=np.uint8))
    names = [routing_study.CLASSES[kind] for kind in kinds]
    assert names[ord("q")] == "lower case"
    assert names[ord("Q")] == "upper case"
    assert names[ord("7")] == "digit"
    assert names[ord(" ")] == names[ord("\t")] == "blank"
    assert names[ord("\n")] == "line end"
    assert names[ord("(")] == "mark"
    assert names[200] == "beyond ASCII"


def test_experts_follow_the_kind_of_byte_more_than_the_topic():
    """K063: a specialisation by syntax, as Mixtral's authors saw, and next to none by topic."""
    documents = training.corpus().documents["held_out"]
    texts = {}
    for topic in ("stdlib", "sympy", "matplotlib", "fontTools"):
        joined = b"\0".join(
            content for name, content in documents.items() if name.startswith(topic + "/")
        )
        texts[topic] = np.frombuffer(joined, dtype=np.uint8)
    found = routing_study.specialisation(texts, n_windows=64)
    assert (found.bits["byte class"] > 20 * found.by_chance["byte class"]).all()
    assert (found.bits["byte class"] > 0.3).all()
    assert (found.bits["topic"] < 0.1 * found.bits["byte class"]).all()
    assert found.shares.shape == (3, 7, 8)


def test_an_untrained_router_is_not_what_was_committed():
    trained = routing_study.router()[0]
    fresh = training.build(routing_study.router()[1]["run"])
    data = torch.arange(32, 96)[None]
    same = [
        torch.equal(one.experts, other.experts)
        for one, other in zip(
            routing_study.routings(trained, data), routing_study.routings(fresh, data), strict=True
        )
    ]
    assert not any(same)
