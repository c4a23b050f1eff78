"""A §3.2 tried: what shows each symptom, and what each remedy does to it."""

import numpy as np
import pytest

from course.evidence import fact
from course.moe.challenges import (
    SAMPLE,
    Experiment,
    MoETrainingChallenges,
    _experiment,
    _hits,
    cache_hits,
    train_tiny,
)
from course.moe.costs import all_to_all_bytes


@pytest.fixture(scope="module")
def challenges():
    return MoETrainingChallenges()


@pytest.fixture(scope="module")
def imbalance(challenges):
    return challenges.load_imbalance()


def test_the_documents_names_are_all_there():
    assert MoETrainingChallenges.CHALLENGES[:4] == (
        "load_imbalance",
        "communication_overhead",
        "expert_specialization",
        "memory_bandwidth",
    )
    assert all(
        callable(getattr(MoETrainingChallenges, name)) for name in MoETrainingChallenges.CHALLENGES
    )


def test_a_router_collapses_and_a_loss_or_a_bias_cures_it(imbalance):
    """K061: few experts get most; a balance loss helps, and a bias without any loss."""
    nothing = imbalance["nothing"]
    assert nothing["excess share"] > 0.3  # of 3/8 at most: a token takes an expert once
    assert nothing["dead experts"] >= 3
    assert nothing["steps without a token"] > 0.3
    for cure in ("balance loss", "sigmoid and bias"):
        assert imbalance.outcome(cure).verdict == "helps"
        assert imbalance[cure]["dead experts"] <= 1
        assert imbalance[cure]["excess share"] < 0.3 * nothing["excess share"]


def test_random_routing_and_noise_do_nothing_for_balance(imbalance):
    """K061: random routing is no cure."""
    assert imbalance.verdicts()["random routing"] == "does nothing"
    assert imbalance.verdicts()["noise at the router"] == "does nothing"
    assert imbalance["random routing"]["dead experts"] >= 3


def test_capacity_alone_drops_what_a_balanced_router_keeps(imbalance):
    """K061: a capacity factor bounds the load of an expert, not the demand for it."""
    alone, balanced = imbalance["capacity factor 1.25"], imbalance["balance loss and capacity"]
    assert alone["dropped"] > 2 * balanced["dropped"]
    assert alone["dead experts"] >= 3
    assert alone["loss"] > imbalance["nothing"]["loss"]


def test_the_same_seed_gives_the_same_run():
    one, other = (train_tiny(3, steps=5) for _ in range(2))
    np.testing.assert_array_equal(one.shares, other.shares)
    assert one.loss == other.loss
    assert train_tiny(4, steps=5).loss != one.loss


def test_a_pipeline_beside_expert_parallelism_saves_no_byte(challenges):
    """K062: the exchange comes with expert parallelism; overlap hides it, a pipeline does not."""
    found = challenges.communication_overhead()
    parallel = found["expert parallel over 8"]
    assert parallel["all-to-all kB"] == pytest.approx(all_to_all_bytes(4096, 2, 8) / 1e3)
    beside = found["and a pipeline of 2 stages"]
    assert beside["all-to-all kB"] == parallel["all-to-all kB"]
    assert beside["waiting"] > parallel["waiting"]
    assert found.verdicts()["and a pipeline of 2 stages"] == "does nothing"
    assert 0 < found["overlap"]["waiting"] < parallel["waiting"]
    assert found["overlap"]["all-to-all kB"] == parallel["all-to-all kB"]
    instead = found["a pipeline of 8 stages instead"]
    assert instead["all-to-all kB"] == 0 < instead["waiting"]  # its bubble


def test_a_collapsed_router_makes_all_wait_for_one_device(challenges):
    found = challenges.communication_overhead()
    even, balanced, collapsed = (
        found[name]["waiting"]
        for name in ("expert parallel over 8", "router with balance loss", "router collapsed")
    )
    assert even < balanced < collapsed
    assert found["router collapsed"]["busiest device"] > 3


def test_a_fast_link_waits_less_and_unknown_ones_are_named(challenges):
    slow = challenges.communication_overhead()["expert parallel over 8"]["waiting"]
    fast = challenges.communication_overhead(link_name="H100")["expert parallel over 8"]["waiting"]
    links = fact("hw_note.link").value
    ratio = (1 / (1 - slow) - 1) / (1 / (1 - fast) - 1)
    assert ratio == pytest.approx(links["H100"] / links["PCIe-4"])
    with pytest.raises(ValueError, match="link_name must be one of"):
        challenges.communication_overhead(link_name="string")
    with pytest.raises(ValueError, match="chip must be one of"):
        challenges.memory_bandwidth("abacus")


def test_what_is_learned_by_heart_comes_from_the_parameters_not_from_experts(challenges):
    """K063: the documents' three remedies do nothing here; more data helps."""
    found = challenges.expert_specialization()
    mixture, active, every = (
        found[name]["gap"]
        for name in ("8 experts, top 2", "dense, same active", "dense, all parameters")
    )
    assert active < mixture < 1.2 * every
    for remedy in ("dropout 0.1", "auxiliary loss", "augmentation"):
        assert found.verdicts()[remedy] == "does nothing"
        assert found.outcome(remedy).in_document
    assert found.verdicts()["four times the data"] == "helps"


def test_a_batch_touches_more_experts(challenges):
    """K064: one token reads as a dense model of its active size; eight read nearly everything."""
    found = challenges.memory_bandwidth()
    one, dense = found["8 experts, top 2"], found["dense, same active"]
    assert one["GB for a token"] == pytest.approx(dense["GB for a token"], rel=1e-3)
    assert one["GB in memory"] == pytest.approx(93.4, abs=0.05)
    assert found["batch of 8"]["experts touched"] == pytest.approx(8 * (1 - 0.75**8))
    assert found["batch of 8"]["GB for a token"] > one["GB for a token"] / 8 * 3
    assert found["batch of 64"]["tokens/s of one"] < one["tokens/s of one"] / 3
    eight, four = found["experts at 8 bits"], found["experts at 4 bits"]
    assert one["GB for a token"] / 2 < eight["GB for a token"]  # attention stays at 16 bits
    saved = one["GB for a token"] - eight["GB for a token"]
    assert one["GB for a token"] - four["GB for a token"] == pytest.approx(1.5 * saved)
    # A cache of experts saves trips to a slower memory, not reading: all is read either way.
    assert one["GB over the link"] == 0
    host, cached, chance = (
        found[row] for row in ("experts in the host", "the same, 4 cached", "4 cached, by chance")
    )
    assert host["GB for a token"] == cached["GB for a token"] == one["GB for a token"]
    assert host["tokens/s of one"] < one["tokens/s of one"] / 50
    assert cached["GB over the link"] < chance["GB over the link"] < host["GB over the link"]
    assert host["tokens/s of one"] < chance["tokens/s of one"] < cached["tokens/s of one"]


def test_the_cache_counts_what_was_used_last():
    choices = np.array([[0, 1], [1, 2], [0, 3], [2, 0]])
    assert _hits(choices, 2) == pytest.approx(2 / 8)  # 1, then 0 in the last step
    assert _hits(choices, 4) == pytest.approx(4 / 8)
    assert _hits(np.array([[0, 1]] * 5), 2) == pytest.approx(8 / 10)
    counted, by_chance = cache_hits(4)
    assert counted > by_chance + 0.03
    assert cache_hits(8)[0] > 0.95
    assert cache_hits(0) == (0, 0)
    with pytest.raises(ValueError, match="n_kept"):
        cache_hits(-1)
    assert len(SAMPLE) > 256


def test_z_loss_lowers_the_largest_logit_and_not_the_lowest(challenges):
    found = challenges.training_instability()
    assert found.verdicts()["z-loss 0.001"] == found.verdicts()["z-loss 0.01"] == "helps"
    assert found["z-loss 0.01"]["largest logit"] < 0.3 * found["nothing"]["largest logit"]
    assert found["z-loss 0.01"]["lowest logit"] < found["nothing"]["lowest logit"]


def test_a_verdict_follows_from_its_numbers():
    tried = [
        ("nothing", None, {"bad": 1.0}),
        ("a", True, {"bad": 0.7}),
        ("b", True, {"bad": 1.1}),
        ("c", False, {"bad": 1.3}),
        ("d", None, {"bad": 0.1}),
    ]
    found = _experiment("x", "bad", "counted", tried)
    assert isinstance(found, Experiment)
    assert list(found.verdicts().values()) == [
        "the symptom",
        "helps",
        "does nothing",
        "makes it worse",
        "for comparison",
    ]
    assert "does nothing" in found._repr_html_()
    with pytest.raises(ValueError, match="remedy must be one of nothing, a, b"):
        found["e"]
