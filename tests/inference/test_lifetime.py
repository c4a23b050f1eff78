"""The lifetime optimum: the authors' own examples, and that it is a minimum for any law."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.evidence import fact
from course.inference import (
    compute_optimal_loss,
    inference_over_training,
    inference_tokens_for,
    lifetime_optimum,
)
from course.scaling import (
    BESIROGLU_2024,
    HOFFMANN_2022,
    HOFFMANN_2022_UNROUNDED,
    KAPLAN_2020,
    ChinchillaLaw,
    OutsideFittedRange,
)

SARDANA = ChinchillaLaw(**fact("sardana.constants").value, name="Sardana 2024")
pytestmark = pytest.mark.filterwarnings("ignore::course.scaling.OutsideFittedRange")


def test_the_papers_example_comes_out_with_the_papers_constants():
    """30B quality and 5e12 tokens of inference: 16.4B on 3.27e12 tokens, 16 % saved."""
    printed = fact("sardana.example_30B").value
    loss = compute_optimal_loss(SARDANA, printed["chinchilla_n_params"])
    best = lifetime_optimum(SARDANA, loss, printed["n_inference_tokens"])
    assert best.n_params == pytest.approx(printed["n_params"], rel=0.002)
    assert best.n_train_tokens == pytest.approx(printed["n_train_tokens"], rel=0.002)
    assert best.saved == pytest.approx(printed["saved"], abs=0.005)


@pytest.mark.parametrize("law", [HOFFMANN_2022, HOFFMANN_2022_UNROUNDED, BESIROGLU_2024])
def test_no_common_preset_gives_the_papers_example(law):
    printed = fact("sardana.example_30B").value
    loss = compute_optimal_loss(law, printed["chinchilla_n_params"])
    best = lifetime_optimum(law, loss, printed["n_inference_tokens"])
    assert abs(best.n_params / printed["n_params"] - 1) > 0.02


def test_the_example_of_the_authors_code():
    printed = fact("sardana.example_code").value
    best = lifetime_optimum(SARDANA, printed["loss"], printed["n_inference_tokens"])
    assert best.n_params == pytest.approx(printed["n_params"], rel=3e-4)
    assert best.n_train_tokens == pytest.approx(printed["n_train_tokens"], rel=3e-4)
    assert best.size_ratio == pytest.approx(printed["size_ratio"], abs=6e-5)
    ratio = best.n_train_tokens / best.chinchilla_n_train_tokens
    assert ratio == pytest.approx(printed["tokens_ratio"], abs=6e-5)
    assert 1 - best.saved == pytest.approx(printed["flops_ratio"], abs=6e-5)


def test_the_example_of_the_authors_code_in_dollars():
    """Tokens of prompts and answers at different prices: one price ratio for all of them."""
    p = fact("sardana.example_cost").value

    def usd_per_flop(hour, rate, mfu):
        return p[hour] / (3600 * p[rate] * p[mfu])

    train = usd_per_flop("train_usd_per_hour", "train_flop_per_s", "train_mfu")
    tokens = p["n_requests"] * (p["prompt_tokens"] + p["answer_tokens"])
    inference = sum(
        p["n_requests"] * p[n] * usd_per_flop("inference_usd_per_hour", "inference_op_per_s", mfu)
        for n, mfu in (("prompt_tokens", "prefill_mfu"), ("answer_tokens", "decode_mfu"))
    )
    best = lifetime_optimum(SARDANA, p["loss"], tokens, price_ratio=inference / tokens / train)
    assert best.n_params == pytest.approx(p["n_params"], rel=3e-4)
    assert best.n_train_tokens == pytest.approx(p["n_train_tokens"], rel=3e-4)
    assert best.size_ratio == pytest.approx(p["size_ratio"], abs=6e-5)
    assert 1 - best.saved == pytest.approx(p["cost_ratio"], abs=6e-5)


laws = st.builds(
    ChinchillaLaw,
    E=st.floats(0, 2),
    A=st.floats(50, 3000),
    B=st.floats(50, 3000),
    alpha=st.floats(0.2, 0.6),
    beta=st.floats(0.2, 0.6),
)


@given(laws, st.floats(0.02, 1.5), st.floats(0, 1e16), st.floats(0.1, 20))
@settings(max_examples=200)
def test_it_is_a_minimum_at_the_loss_asked_for(law, above, n_inference, price_ratio):
    best = lifetime_optimum(law, law.E + above, n_inference, price_ratio)
    assert best.loss == pytest.approx(law.E + above, rel=1e-9)
    assert best.n_params <= best.chinchilla_n_params * (1 + 1e-9)
    assert 0 <= best.saved + 1e-12 < 1
    for factor in (0.97, 1.03):  # the neighbours of the same loss cost more
        n = best.n_params * factor
        left = above - law.A / n**law.alpha
        if left <= 0:
            continue
        d = (law.B / left) ** (1 / law.beta)
        assert 6 * n * d + 2 * n * n_inference * price_ratio >= best.lifetime_flops * (1 - 1e-12)


def test_without_inference_it_is_chinchillas():
    for law in (SARDANA, BESIROGLU_2024):
        best = lifetime_optimum(law, 2.1, 0)
        n, d = law.optimum(law.flops_for_loss(2.1))
        assert (best.n_params, best.n_train_tokens) == pytest.approx((n, d))
        assert best.saved == pytest.approx(0, abs=1e-12)


@given(st.floats(1e9, 1e14), st.floats(1.5, 100))
def test_more_demand_makes_the_model_smaller_and_its_training_longer(tokens, factor):
    few = lifetime_optimum(SARDANA, 2.0, tokens)
    many = lifetime_optimum(SARDANA, 2.0, factor * tokens)
    assert many.n_params < few.n_params
    assert many.n_train_tokens > few.n_train_tokens
    assert many.saved > few.saved


def test_demand_decides_whether_a_smaller_model_pays():
    """K109: at 30B quality it saves nothing for 1e9 tokens, 1 % for 1e9 requests of 700 tokens.

    For a thousand times as many it saves three quarters of the bill.
    """
    loss = compute_optimal_loss(SARDANA, 30e9)
    saved = lifetime_optimum(SARDANA, loss, [1e9, 7e11, 7e14]).saved
    assert saved[0] < 1e-6
    assert saved[1:] == pytest.approx([0.012, 0.77], rel=0.02)


def test_inference_costs_ten_times_the_training_at_30_tokens_for_each():
    """K108: 2 N against 6 N FLOP a token, so 3 tokens for each of training are a draw."""
    assert inference_over_training(1e12, 3e12) == 1
    assert inference_over_training(1e12, 30e12) == 10
    assert inference_tokens_for(10, 15e12) == 450e12
    # Decoding at a tenth of the utilisation of training: three tokens for each are enough.
    assert inference_over_training(1e12, 3e12, price_ratio=10) == 10
    assert inference_tokens_for(10, 1e12, price_ratio=10) == 3e12


@given(st.floats(1e-3, 1e3), st.floats(1e6, 1e15), st.floats(0.01, 100))
def test_tokens_and_ratio_are_inverse(ratio, n_train, price_ratio):
    tokens = inference_tokens_for(ratio, n_train, price_ratio)
    assert inference_over_training(n_train, tokens, price_ratio) == pytest.approx(ratio)


def test_quality_of_a_size():
    n, d = 30e9, 1.5559e12
    assert compute_optimal_loss(SARDANA, n) == pytest.approx(SARDANA.loss(n, d), rel=1e-6)


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match=r"loss must be above the floor E = 1\.69"):
        lifetime_optimum(SARDANA, 1.69, 1e12)
    with pytest.raises(ValueError, match="too near the floor"):
        lifetime_optimum(ChinchillaLaw(1.0, 400, 400, 0.05, 0.05), 1 + 1e-15, 1e12)
    with pytest.raises(ValueError, match="law must be a ChinchillaLaw"):
        lifetime_optimum(KAPLAN_2020, 2.0, 1e12)


def test_it_warns_far_outside_of_the_fitted_runs():
    with pytest.warns(OutsideFittedRange):
        lifetime_optimum(BESIROGLU_2024, 1.85, 1e15)


def test_it_broadcasts_and_shows_units():
    many = lifetime_optimum(SARDANA, np.linspace(1.9, 2.5, 5)[:, None], np.geomspace(1e9, 1e14, 7))
    assert many.n_params.shape == many.saved.shape == (5, 7)
    value = lifetime_optimum(SARDANA, 2.0, 1e12)
    assert "parameters" in value._repr_html_()
    assert "Chinchilla-optimal" in value._repr_html_()
    assert "(35 values)" in many._repr_html_()
