"""Facts are well formed, and those that we computed come out again."""

import math
import subprocess
import sys

import numpy as np
import pytest

from course.evidence import fact, facts, registry
from course.units import PF_DAY

MODELS = {key.removeprefix("model."): f.value for key, f in facts("model").items()}
# What a test below computes again, by key; it must cover every fact that says "computed".
RECOMPUTED = {
    "kaplan.PF_day": "test_pf_day",
    "kaplan.gain_per_doubling": "test_gain_per_doubling",
    "kaplan.vs_chinchilla_prediction": "test_kaplan_puts_gopher_ahead_of_chinchilla",
    "refit.optimum": "test_optimum_from_the_closed_form",
    "loss.eval": "test_loss_of_known_models",
    "isoflop_bias": "test_parabolas_are_biased_if_the_exponents_differ",
    "muennighoff.D_eff": "test_repeated_data_wear_off",
    "size.BERT": "test_bert_counted_from_its_shape",
    "size.ResNet": "test_resnets_counted_from_their_shape",
    "hw_note.ridge": "test_ridge_and_efficiency_follow_from_the_data_sheets",
    "hw_note.efficiency": "test_ridge_and_efficiency_follow_from_the_data_sheets",
    "cost.per_flop": "test_price_of_a_flop",
}


def hoffmann(rounded=True):
    if rounded:
        return tuple(float(fact(f"hoffmann.{name}")) for name in ("E", "A", "alpha", "B", "beta"))
    f = {name: fact(f"hoffmann.unrounded.{name}").value for name in ("log_E", "log_A", "log_B")}
    alpha, beta = fact("hoffmann.unrounded.alpha").value, fact("hoffmann.unrounded.beta").value
    return math.exp(f["log_E"]), math.exp(f["log_A"]), alpha, math.exp(f["log_B"]), beta


def besiroglu(printed):
    p = fact("besiroglu.printed").value
    names = ("E", "A", "alpha", "B", "beta")
    return tuple(p[n] if printed else fact(f"besiroglu.{n}").value for n in names)


def loss(law, n_params, n_tokens):
    E, A, alpha, B, beta = law
    return E + A / n_params**alpha + B / n_tokens**beta


def optimum(law, flops):
    _, A, alpha, B, beta = law
    G = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    a = beta / (alpha + beta)
    return G * (flops / 6) ** a, (flops / 6) ** (1 - a) / G


def test_every_computed_fact_is_computed_again():
    computed = {k for k, f in registry._facts().items() if f.confidence == "computed"}
    assert computed == set(RECOMPUTED)
    assert all(callable(globals()[name]) for name in RECOMPUTED.values())


def test_importing_the_registry_is_light():
    code = "import sys, course.evidence as e; e.fact('kaplan.alpha_N'); e.claim('K001'); "
    code += "sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_number_a_table_and_text():
    assert float(fact("kaplan.alpha_N")) == 0.076
    with pytest.raises(ValueError, match=r"hoffmann\.table3 is not one number"):
        float(fact("hoffmann.table3"))
    with pytest.raises(ValueError, match=r"kaplan\.L_N_D is not one number"):
        float(fact("kaplan.L_N_D"))


@pytest.mark.parametrize("key", ["kaplan.alphaN", "KAPLAN.ALPHA_N", "alpha_N", "", None, [], 3])
def test_an_unknown_key_is_refused(key):
    with pytest.raises(ValueError, match="there is no fact"):
        fact(key)


def test_a_refusal_names_what_is_close():
    with pytest.raises(ValueError, match=r"hw\.H100"):
        fact("hw.h100")
    with pytest.raises(ValueError, match=r"the prefixes are .*kaplan"):
        facts("kapla")


def test_a_prefix_ends_at_a_dot():
    assert set(facts("hoffmann.approach1")) == {"hoffmann.approach1.a", "hoffmann.approach1.b"}
    assert facts("hw.") == facts("hw")
    assert not any(key.startswith("hw_note") for key in facts("hw"))


def test_who_edits_a_table_edits_a_copy():
    fact("model.GPT-3").value["n_params"] = 1
    fact("hoffmann.table3").value.clear()
    assert fact("model.GPT-3").value["n_params"] == 175e9
    assert len(fact("hoffmann.table3").value) == 9


GOOD = {"value": 1.0, "source": "somewhere", "year": 2020, "confidence": "primary"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"source": None}, "missing \\['source'\\]"),
        ({"year": None}, "missing \\['year'\\]"),
        ({"confidence": None}, "missing \\['confidence'\\]"),
        ({"confidence": "sure"}, "'sure' is none of primary"),
        ({"year": "2020"}, "year a whole number"),
        ({"source": ""}, "source must be text"),
        ({"units": "FLOP"}, "unknown \\['units'\\]"),
        ({"value": math.nan}, "value must be numbers or text"),
        ({"value": True}, "value must be numbers or text"),
        ({"value": []}, "value must be numbers or text"),
        ({"value": {"n_params": "7B"}}, "value must be numbers or text"),
        ({"interval": [0, 2]}, "come together"),
        ({"interval": [2, 0], "interval_level": "95 %"}, "must be \\[low, high\\]"),
        ({"interval": [0], "interval_level": "95 %"}, "must be \\[low, high\\]"),
    ],
)
def test_a_bad_entry_is_refused_by_name(change, reason):
    entry = {k: v for k, v in (GOOD | change).items() if v is not None}
    with pytest.raises(ValueError, match=rf'facts\.toml, \["a\.b"\]: .*{reason}'):
        registry._checked_fact("a.b", entry)


def test_a_bad_key_is_refused():
    with pytest.raises(ValueError, match="ASCII"):
        registry._checked_fact("kaplan.α", GOOD)


def test_a_card_says_unit_source_and_trust_in_plain_html():
    card = fact("besiroglu.E")._repr_html_()
    for part in ("besiroglu.E", "1.81686 nats per token", "95 % bootstrap: 1.769 to 1.871"):
        assert part in card
    assert "arXiv:2404.10102" in card
    assert "read at the source" in card
    assert "style=" not in card
    assert "class=" not in card
    assert ">2.162e14</td>" in fact("hoffmann.table3")._repr_html_()
    assert "not read at the source" in fact("model.GPT-3")._repr_html_()


def test_every_fact_prints_as_one_line():
    for f in registry._facts().values():
        assert "\n" not in str(f)
        assert str(f).startswith(f"{f.key} = ")
        assert "$" not in f._repr_html_()  # Jupyter would set it as mathematics


# --- what we computed, and what must agree --------------------------------------------------------


def test_pf_day():
    assert float(fact("kaplan.PF_day")) == PF_DAY == 8.64e19


def test_kaplans_reference_compute_in_flop():
    assert float(fact("kaplan.C_c_naive")) * PF_DAY == pytest.approx(1.38e27, rel=0.005)
    assert float(fact("kaplan.C_c_min")) * PF_DAY == pytest.approx(2.68e28, rel=0.005)


def test_gain_per_doubling():
    exponents = {"n_params": "alpha_N", "n_tokens": "alpha_D"}
    exponents |= {"flops_naive": "alpha_C_naive", "flops_min": "alpha_C_min"}
    for name, gain in fact("kaplan.gain_per_doubling").value.items():
        alpha = float(fact(f"kaplan.{exponents[name]}"))
        assert 1 - 2**-alpha == pytest.approx(gain, abs=5e-4)


def test_kaplans_exponents_of_the_optimum_belong_together():
    p = fact("kaplan.optimal_exponents").value
    assert p["n_params"] + p["n_tokens"] == pytest.approx(1)
    assert p["batch_tokens"] + p["n_steps"] == pytest.approx(p["n_tokens"])
    joint = fact("kaplan.joint_fit").value
    ratio = joint["alpha_N"] / joint["alpha_D"]
    assert ratio == pytest.approx(fact("kaplan.D_vs_N").value, abs=3e-3)


def test_kaplan_puts_gopher_ahead_of_chinchilla():
    single = {n: float(fact(f"kaplan.{n}")) for n in ("alpha_N", "alpha_D", "N_c", "D_c")}
    constants = {"joint_fit": fact("kaplan.joint_fit").value, "eq_1_1_and_1_2": single}
    for name, predicted in fact("kaplan.vs_chinchilla_prediction").value.items():
        k = constants[name]
        for model, printed in predicted.items():
            m = MODELS[model]
            ratio = k["alpha_N"] / k["alpha_D"]
            base = (k["N_c"] / m["n_params"]) ** ratio + k["D_c"] / m["n_tokens"]
            assert base ** k["alpha_D"] == pytest.approx(printed, abs=6e-4)
        assert predicted["Gopher"] < predicted["Chinchilla"]


def test_table_3_keeps_c_equal_6nd():
    rows = fact("hoffmann.table3").value
    errors = [6 * r["n_params"] * r["n_tokens"] / r["flops"] - 1 for r in rows]
    assert max(map(abs, errors)) < 0.05  # 67B: 1.5e12 tokens are rounded
    assert all(20 <= r["n_tokens"] / r["n_params"] < 22.5 for r in rows)


def test_table_a3_keeps_c_equal_6nd_but_for_its_misprint():
    off = []
    for r in fact("hoffmann.tableA3").value:
        for approach in ("approach2", "approach3"):
            ratio = 6 * r["n_params"] * r[f"n_tokens_{approach}"] / r[f"flops_{approach}"]
            if abs(ratio - 1) > 0.05:
                off.append((r["n_params"], approach, round(ratio, 1)))
    assert off == [(175e9, "approach3", 10.0)]


def test_chinchilla_and_gopher_have_about_one_budget():
    m = fact("hoffmann.table1").value["Chinchilla"]
    assert 6 * m["n_params"] * m["n_tokens"] == pytest.approx(5.88e23)
    assert MODELS["Chinchilla"]["flops"] == fact("hoffmann.gopher_flops").value["hoffmann"]


def test_hoffmanns_models_agree_with_our_table_of_models():
    for name, row in fact("hoffmann.table1").value.items():
        assert MODELS[name]["n_params"] == row["n_params"]
        assert MODELS[name]["n_tokens"] == row["n_tokens"]


def test_rounding_of_hoffmanns_constants():
    unrounded = hoffmann(rounded=False)
    assert unrounded[0] == pytest.approx(1.6934, abs=1e-4)
    for exact, printed in zip(unrounded, hoffmann(), strict=True):
        assert exact == pytest.approx(printed, rel=0.02)


@pytest.mark.parametrize("name", ["A", "B", "E", "alpha", "beta"])
def test_besiroglus_intervals_hold_their_estimates(name):
    low, high = fact(f"besiroglu.{name}").interval
    assert low < float(fact(f"besiroglu.{name}")) < high
    assert fact("besiroglu.printed").value[name] == pytest.approx(
        fact(f"besiroglu.{name}").value, rel=5e-4
    )


def test_intervals_that_miss_their_own_estimate_are_known():
    """A printed estimate is rounded; where it then lies outside, the note says so."""
    outside = {
        key
        for key, f in registry._facts().items()
        if f.interval and not f.interval[0] <= float(f) <= f.interval[1]
    }
    assert outside == {"hoffmann.approach1.b", "hoffmann.approach3.a", "hoffmann.approach3.b"}
    assert all("estimate" in fact(key).note for key in outside)


def test_exponents_of_each_approach_add_up_to_one():
    for n in (1, 2, 3):
        a, b = (float(fact(f"hoffmann.approach{n}.{letter}")) for letter in "ab")
        assert a + b == pytest.approx(1)
    for key, law in (
        ("hoffmann.approach3.a", hoffmann(rounded=False)),
        ("besiroglu.a", besiroglu(printed=False)),
    ):
        _, _, alpha, _, beta = law
        assert float(fact(key)) == pytest.approx(beta / (alpha + beta), abs=0.005)


def test_optimum_from_the_closed_form():
    table = fact("refit.optimum").value
    laws = {
        "hoffmann_rounded": hoffmann(),
        "hoffmann_unrounded": hoffmann(rounded=False),
        "besiroglu_printed": besiroglu(printed=True),
        "besiroglu_unrounded": besiroglu(printed=False),
    }
    assert set(table) == {"flops", *laws}
    for name, law in laws.items():
        n_params, n_tokens = optimum(law, table["flops"])
        assert n_params == pytest.approx(table[name]["n_params"], rel=5e-4)
        assert n_tokens == pytest.approx(table[name]["n_tokens"], rel=5e-4)
        # It is a minimum: at the same compute both neighbours are worse.
        best = loss(law, n_params, n_tokens)
        assert best < min(loss(law, n_params * x, n_tokens / x) for x in (0.9, 1.1))


def test_loss_of_known_models():
    for name, row in fact("loss.eval").value.items():
        at = MODELS[name]["n_params"], MODELS[name]["n_tokens"]
        assert loss(hoffmann(), *at) == pytest.approx(row["hoffmann"], abs=6e-4)
        assert loss(besiroglu(printed=True), *at) == pytest.approx(row["besiroglu"], abs=6e-4)


def test_parabolas_are_biased_if_the_exponents_differ():
    for row in fact("isoflop_bias").value.values():
        alpha, beta = row["alpha"], row["beta"]
        for spread in (2, 16):
            log_n = np.linspace(-1, 1, 15) * math.log10(spread)  # around the true optimum
            above_floor = beta / alpha * 10 ** (-alpha * log_n) + 10 ** (beta * log_n)
            c2, c1, _ = np.polyfit(-log_n, above_floor, 2)  # log D runs against log N
            error = 10 ** (-c1 / (2 * c2)) - 1
            assert error == pytest.approx(row[f"grid_{spread}x"], abs=6e-4)


def test_repeated_data_wear_off():
    r = float(fact("muennighoff.R_D_star"))
    for row in fact("muennighoff.D_eff").value:
        worth = 1 + r * (1 - math.exp(-(row["epochs"] - 1) / r))
        assert worth / row["epochs"] == pytest.approx(row["share_of_fresh"], abs=6e-4)
    assert 1 + r == pytest.approx(16.4, abs=0.02)


def test_muennighoffs_check_value():
    fit, at = fact("muennighoff.fit").value, fact("muennighoff.check").value
    A, B, E = (math.exp(fit[f"log_{name}"]) for name in "ABE")
    alpha = fit["alpha"]
    # The best N for the unique tokens; what goes beyond it, and beyond one epoch, wears off.
    n_best = min(at["n_params"], at["n_unique_tokens"] * (A / B) ** (1 / alpha))

    def worn(unique, total, r_star):
        return unique + unique * r_star * (1 - math.exp(-(total / unique - 1) / r_star))

    n_eff = worn(n_best, at["n_params"], float(fact("muennighoff.R_N_star")))
    d_eff = worn(at["n_unique_tokens"], at["n_tokens"], float(fact("muennighoff.R_D_star")))
    assert E + A / n_eff**alpha + B / d_eff**alpha == pytest.approx(at["loss"], rel=1e-12)


def test_bert_counted_from_its_shape():
    for name, n_layers, d in (("base", 12, 768), ("large", 24, 1024)):
        norm = 2 * d
        embedding = (30_522 + 512 + 2) * d + norm
        attention = 4 * (d * d + d) + norm
        mlp = (d * 4 * d + 4 * d) + (4 * d * d + d) + norm
        pooler = d * d + d
        total = embedding + n_layers * (attention + mlp) + pooler
        assert total == fact("size.BERT").value[name]


def test_resnets_counted_from_their_shape():
    blocks = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3)}
    blocks |= {101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
    for depth, counts in blocks.items():
        bottleneck = depth >= 50
        total, width_in = 64 * 3 * 7 * 7 + 2 * 64, 64
        for stage, count in enumerate(counts):
            width = 64 * 2**stage
            width_out = 4 * width if bottleneck else width
            for _ in range(count):
                if bottleneck:
                    kernels = ((width_in, width, 1), (width, width, 9), (width, width_out, 1))
                else:
                    kernels = ((width_in, width, 9), (width, width, 9))
                if width_in != width_out:
                    kernels += ((width_in, width_out, 1),)
                total += sum(i * o * k + 2 * o for i, o, k in kernels)  # and its batch norm
                width_in = width_out
        assert total + width_in * 1000 + 1000 == fact("size.ResNet").value[f"ResNet-{depth}"]


def peak_16_bit(chip):
    return chip.get("bf16_flop_per_s") or chip["fp16_flop_per_s"]


def test_ridge_and_efficiency_follow_from_the_data_sheets():
    chips = {key.removeprefix("hw."): f.value for key, f in facts("hw").items()}
    for name, ridge in fact("hw_note.ridge").value.items():
        chip = chips[name]
        assert peak_16_bit(chip) / chip["bandwidth_bytes_per_s"] == pytest.approx(ridge, abs=0.6)
    for name, efficiency in fact("hw_note.efficiency").value.items():
        chip = chips[name]
        assert peak_16_bit(chip) / chip["power_w"] / 1e12 == pytest.approx(efficiency, abs=0.006)


def test_price_of_a_flop():
    rate = 0.4 * fact("hw.H100").value["bf16_flop_per_s"] * 3600
    assert 2 / rate == pytest.approx(fact("cost.per_flop").value["usd_at_2_per_hour"], rel=0.02)
    assert 3 / rate == pytest.approx(fact("cost.per_flop").value["usd_at_3_per_hour"], rel=0.02)


def test_a_chip_has_dense_peaks_that_halve_with_each_doubling_of_bits():
    for key, f in facts("hw").items():
        chip = f.value
        if "fp8_flop_per_s" in chip:
            ratio = chip["fp8_flop_per_s"] / chip["bf16_flop_per_s"]
            assert ratio == pytest.approx(2, rel=0.001), key


def test_models_of_known_size_and_tokens_cost_about_6nd():
    """LaMDA is the known exception: what it reports does not fit its own tokens."""
    ratios = {}
    for name, m in MODELS.items():
        if {"n_params", "n_tokens", "flops"} <= set(m):
            n = m.get("n_active_params", m["n_params"])
            ratios[name] = m["flops"] / (6 * n * m["n_tokens"])
    assert len(ratios) > 15
    assert {name for name, ratio in ratios.items() if not 0.9 < ratio < 1.4} == {"LaMDA"}
    assert np.median(list(ratios.values())) == pytest.approx(1, abs=0.02)


def test_an_active_part_is_smaller_than_the_whole():
    mixtures = [m for m in MODELS.values() if "n_active_params" in m]
    assert len(mixtures) >= 8
    assert all(m["n_active_params"] < m["n_params"] for m in mixtures)
