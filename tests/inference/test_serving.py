"""What makes serving cheaper or faster: prefix caching and speculative decoding."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.inference import (
    Server,
    check_ratio,
    expected_tokens,
    prefix_caching,
    speculative_speedup,
)

SERVER = Server("Llama-3-8B")


# --- prefix caching -------------------------------------------------------------------------------


def test_a_cached_prefix_saves_its_share_of_the_prefill():
    """What is read once more is saved: three quarters of the tokens, a little less of the FLOP."""
    caching = prefix_caching(SERVER, 2000, 1500)
    assert caching.saved_flops == pytest.approx(SERVER.prefill(1, 1500).flops)
    assert 0.70 < caching.saved_share < 0.75
    assert caching.kv_bytes == SERVER.kv_bytes(1, 1500) == 1500 * 131_072
    assert caching.memory_share == caching.kv_bytes / SERVER.memory_bytes
    # It pays when the share of time that it saves is the share of memory that it holds.
    rate = caching.break_even_requests_per_s
    assert rate * caching.saved_s == pytest.approx(caching.memory_share)
    assert "of reading its prompt" in caching._repr_html_()


def test_a_prefix_longer_than_the_prompt_is_refused():
    with pytest.raises(ValueError, match="prefix_tokens must be fewer than prompt_tokens"):
        prefix_caching(SERVER, 1000, 1000)


# --- speculative decoding -------------------------------------------------------------------------


def test_leviathans_formula():
    assert expected_tokens(0.8, 5) == pytest.approx((1 - 0.8**6) / 0.2)
    assert speculative_speedup(0.8, 5, 0.05) == pytest.approx(2.95, abs=0.005)
    assert expected_tokens(1, 5) == 6
    assert expected_tokens(0, 5) == 1  # the token of the large model itself


@given(st.floats(0, 1), st.integers(1, 12))
def test_expected_tokens_lie_between_one_and_all(acceptance, n_draft):
    tokens = expected_tokens(acceptance, n_draft)
    assert 1 <= tokens <= n_draft + 1
    near_one = expected_tokens(1 - 1e-9, n_draft)
    assert near_one == pytest.approx(n_draft + 1, rel=1e-6)


@pytest.mark.parametrize("acceptance", [0.5, 0.8, 0.95])
def test_expected_tokens_are_what_drafting_at_random_gives(acceptance):
    n_draft, n = 5, 200_000
    accepted = np.random.default_rng(0).random((n, n_draft)) < acceptance
    tokens = 1 + np.cumprod(accepted, axis=1).sum(axis=1)
    error = tokens.std() / math.sqrt(n)
    assert tokens.mean() == pytest.approx(expected_tokens(acceptance, n_draft), abs=4 * error)


def test_speculation_stops_paying_where_the_batch_is_full():
    """Checking six tokens takes the time of one for one sequence, and of four for 256."""
    ratios = check_ratio(SERVER, 5, np.array([1, 8, 64, 256]), 700)
    assert ratios[0] == pytest.approx(1, abs=0.001)
    assert (np.diff(ratios) > 0).all()
    assert ratios[-1] > 3
    gains = speculative_speedup(0.8, 5, 0.05, ratios)
    assert gains[0] == pytest.approx(2.95, abs=0.01)
    assert gains[-1] < 1
    assert speculative_speedup(0.3, 5, 0.5) < 1  # a poor and slow draft model
