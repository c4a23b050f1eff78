"""answers.toml says nothing that is not computed: every answer, and every number of a sentence.

The answers of the exercises are computed by the model answers and the data of their sets. A number
in a sentence that stands in the question needs no computation.
"""

import ast
import builtins
import contextlib
import io
import math
import re
import string
from functools import cache
from statistics import NormalDist
from types import SimpleNamespace

import numpy as np
import pytest

from course.accounting.training import training_flops
from course.classroom import guesses, notebooks
from course.classroom.predict import answers
from course.emergence import power_law_loss, rise
from course.evidence import as_written, fact
from course.inference import inference_tokens_for
from course.inference.queueing import erlang_c, servers_needed
from course.moe.costs import all_to_all_bytes, dropped_share

TEXTS = sorted(
    [
        *notebooks.ROOT.glob("notebooks/text/*.py"),
        *notebooks.ROOT.glob("solutions/text/*.py"),
    ]
)
_NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?:e\d+)?")


def calls(function, tree):
    found = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {n.args[0].value: n for n in found if getattr(n.func, "id", "") == function}


@cache
def asked():
    """Every question's id -> its call of predict."""
    trees = [ast.parse(text.read_text(encoding="utf-8")) for text in TEXTS]
    return {id: call for tree in trees for id, call in calls("predict", tree).items()}


def words_of(call):
    return " ".join(str(n.value) for n in ast.walk(call) if isinstance(n, ast.Constant))


def to_compute(id):
    """The numbers of a sentence that its question does not hold, as they are printed.

    Names such as Llama-3-8B are no numbers, and 95 % is the level of an interval.
    """
    text = re.sub(r"{.*?}|[A-Za-z]+-[\w-]+|95 %", "", answers()[id].get("because", ""))
    given = set(_NUMBER.findall(words_of(asked()[id])))
    return [number for number in _NUMBER.findall(text) if number not in given]


@cache
def solved(name):
    """What an exercise set defines when its text, with the model answers, is run to its end."""
    source = notebooks.ROOT.joinpath("solutions/text", f"{name}.py").read_text(encoding="utf-8")
    names = {"__builtins__": vars(builtins)}
    silent = dict.fromkeys(("predict", "compare", "check", "show"), lambda *a, **k: None)
    with contextlib.redirect_stdout(io.StringIO()):
        for statement in ast.parse(source).body:
            exec(compile(ast.Module([statement], []), name, "exec"), names)
            names.update(silent)
    return SimpleNamespace(**names)


# --- chapters: numbers that a sentence holds and its question does not --------------------------


def chapters():
    whole = rise(lambda n: math.exp(-50 * power_law_loss(n, 1e8, 0.3)), 1e-20, 1e40).decades
    assert whole == pytest.approx(math.log10(math.log(0.1) / math.log(0.9)) / 0.3, rel=1e-3)
    flops = training_flops(1e9, 1e9)
    queue_of_1917 = 1917  # Erlang, The Post Office Electrical Engineers' Journal 10
    return {
        "P01.2": lambda: (None, math.exp(math.log(50_257))),
        "P01.3": lambda: (
            None,
            flops / 1e9 / 1e9,
            1 / as_written.performance_ndr(1e9, 1e9, flops),
        ),
        "P01.5": lambda: (None, training_flops(1, 1)),
        "P02.3": lambda: (None, 0.1, 0.9),
        "P02.4": lambda: (None, 1 - 1 / 200),
        "P02.6": lambda: (None, 2),  # the second loss of the loop in the chapter
        "P02.8": lambda: (None, 1, 1 - 0.05),
        "P03.1": lambda: (None, 7, 8 / 2),  # of the name 8x7B; all experts over those at work
        "P05.2": lambda: (None, 7),  # of the name 8x7B
        "P05.6": lambda: (None, queue_of_1917),
        "P05.7": lambda: (None, 10, training_flops(1, 1), inference_tokens_for(10, 1) / 5 / 3),
    }


# --- exercises ------------------------------------------------------------------------------------


def set_00(ns):
    gpt3, chinchilla = ns.training_flops(175e9, 300e9), ns.training_flops(70e9, 1.4e12)
    bf16, four = ns.weight_memory(70e9, 16), ns.weight_memory(70e9, 4)
    fits = {(True, True): "in both", (False, True): "only in 4 bits", (False, False): "in neither"}
    try:
        read = f"it gives {float('8x7')}"
    except ValueError:
        read = "it raises ValueError"
    printed = 3640  # PF-days, Brown et al. (2020), table D.1
    usd = 3.14e23 * 1e-12
    return {
        "E00.1": lambda: ("GPT-3" if gpt3 > chinchilla else "Chinchilla", chinchilla / gpt3),
        "E00.2": lambda: (ns.pf_days(3.14e23), printed),
        "E00.3": lambda: (fits[bf16["fits"], four["fits"]], bf16["GB"], four["GB"]),
        "E00.4": lambda: (read,),
        "E00.5": lambda: (ns.h100_days(3.14e23, 1000, 0.4), ns.h100_days(3.14e23, 1, 0.4) / 365),
        "E00.6": lambda: (usd, usd / 1e9),
    }


def set_01_lab(ns):
    def count(d):
        layers, head, norms = 3 * 12 * d**2, 256 * d, 7 * d
        return (layers + head + norms + 256 * d) / layers

    cheap = [run for run in ns.lab_runs if run[0] == 1e10]
    lowest = min(cheap, key=lambda run: run[3])
    line = ns.power_law(ns.best_flops, ns.best_losses)["exponent"]
    score = ns.forecast_error(ns.best_flops, ns.best_losses, 1e13)
    moved = ns.what_moved(ns.sound, ns.everything)
    valleys = next(
        ast.literal_eval(node.value)
        for node in ast.parse(source("01_lab_measure_your_own_law")).body
        if isinstance(node, ast.Assign) and node.targets[0].id == "valleys"
    )
    constants, predicted = [1.0, 10.0, 10.0, 0.5, 0.5], 1 + 10 / 1e4**0.5 + 10 / 1e6**0.5
    pulls = [
        abs(ns.gradient(constants, [1e4], [1e6], [predicted / math.exp(off)], 0.001)[0])
        for off in (0.3, 0.01)
    ]
    costs = [
        ns.objective(constants, [1e4], [1e6], [predicted / math.exp(off)], 0.001)
        for off in (0.2, 0.01)
    ]
    rng = np.random.default_rng(0)
    distinct = np.mean([len(set(rng.integers(7, size=7))) for _ in range(20_000)])
    return {
        "E01.L1": lambda: (count(16), 1024, count(1024)),
        "E01.L2": lambda: (line, -math.log10(ns.best_losses[-1] / ns.best_losses[0])),
        "E01.L3": lambda: (ns.frontier(ns.lab_runs)[0][1], lowest[3], mean_loss(cheap, lowest[1])),
        "E01.L4": lambda: (ns.size_exponent(valleys)["exponent"],),
        "E01.L5": lambda: (costs[0] / costs[1], (0.2 / 0.01) ** 2),
        "E01.L6": lambda: ("both alike" if np.isclose(*pulls) else "the one at 30 %",),
        "E01.L7": lambda: (distinct, 6, 7, 7),
        "E01.L8": lambda: (
            "too low" if score["error_percent"] < 0 else "too high",
            score["predicted"],
            ns.best_losses[-1],
            -score["error_percent"],
        ),
        "E01.L9": lambda: (
            {"down": "it falls", "up": "it rises", "not": "it stays"}[moved["moves"]],
            moved["sound"],
            moved["ruined"],
        ),
    }


def mean_loss(runs, size):
    return np.mean([loss for _, n_params, _, loss in runs if n_params == size])


def set_01(ns):
    width = ns.forecast(ns.best_flops, ns.best_losses, 1e22, 2.571)
    laws = ns.compare_laws([175e9, 300e9], [280e9, 300e9])
    gains = [before - after for before, after in (laws["kaplan"], laws["refit"])]
    shares = [
        100 * ns.budget_share(flops, 3.17e8, 3.17e8, 4.36e18, 0.46, 0.54)
        for flops in (4.36e18, 5.76e23)
    ]
    units = ns.change_units(ns.run_params, ns.run_tokens, ns.run_losses, ns.model, [1e8, 1e4])
    sizes = [ns.optimum(flops, 400, 400, 0.3, 0.3)[0] for flops in (1e20, 1e22)]
    alpha = float(fact("kaplan.alpha_C_min"))
    per_byte = 2.00 / 3.6, 2.35 / 4.6
    return {
        "E01.1": lambda: (2 ** (1 / alpha), 2, math.log2(2 ** (1 / alpha))),
        "E01.2": lambda: ("steeper" if ns.alpha_on_plot > 0.076 else "less steep", alpha),
        "E01.3": lambda: (ns.kaplan_loss(1e22) / ns.kaplan_loss(1e42),),
        "E01.4": lambda: ("model 0" if per_byte[0] < per_byte[1] else "model 1", *per_byte[::-1]),
        "E01.5": lambda: (sizes[1] / sizes[0],),
        "E01.6": lambda: (ns.isoflop_minimum(ns.valley_sizes, ns.valley_losses) / 1e9,),
        "E01.7": lambda: (
            f"{shares[0]:.0f} % again" if np.isclose(*shares) else "less",
            0.46,
            0.54,
            1,
        ),
        "E01.8": lambda: (units["without_k"][1],),
        "E01.9": lambda: ("Kaplan's" if gains[0] > gains[1] else "the refit", *gains),
        "E01.10": lambda: (width["high"] - width["low"], width["low"], width["high"]),
    }


def set_02(ns):
    small = 0.8**10
    large = small + ns.whole_answers(0.8, 0.9, 10)["jump"]
    steps = ns.two_metrics(ns.losses, 10, 4)["last_step"]
    mmlu = [row for row in ns.table if row[0] == "mmlu" and row[1] in ("Gopher", "Chinchilla")]
    same = {
        "the parameters": math.isclose(mmlu[0][2], mmlu[1][2], rel_tol=0.3),
        "the compute": math.isclose(mmlu[0][3], mmlu[1][3], rel_tol=0.3),
    }
    test = ns.resolution(0.01, 100)
    one, alarms = (ns.false_alarms([[1, 2]], 5, 20)[k] for k in ("chance", "any"))
    noise = np.random.default_rng(0).standard_normal((50_000, 20, 5))
    assert (np.diff(noise) < 0).all(axis=-1).any(axis=-1).mean() == pytest.approx(alarms, abs=0.01)
    ten = ns.output_check([[0.1] * 10 + [0.0] * 20], [0])["effective"]
    lost = {k: ns.self_training([0.1] * 10, 100, 200)[k] / 0.9 for k in ("replace", "accumulate")}
    said = as_written.optimal_training_steps(5.76e23, 70e9, 1.5e6)["optimal_steps"]
    adjusted = ns.adjusted([0.01] + [0.5] * 19)[0]
    return {
        "E02.1": lambda: (large / small, 0.9 / 0.8),
        "E02.2": lambda: (test["items_needed"], 0, 100 * test["largest_at_zero"]),
        "E02.3": lambda: (100 * steps[0], 100 * steps[1]),
        "E02.4": lambda: (next(name for name, alike in same.items() if alike), mmlu[0][3]),
        "E02.5": lambda: (ns.training_plan(5.76e23, 70e9, 1.5e6)["steps"], said),
        "E02.6": lambda: (100 * alarms, 1 / one),
        "E02.7": lambda: (100 * ns.decline_test([0.62, 0.58, 0.60, 0.55, 0.51], 0.05)["p"],),
        "E02.8": lambda: ("yes" if adjusted <= 0.05 else "no", adjusted),
        "E02.9": lambda: (ten,),
        "E02.10": lambda: (100 * lost["replace"], 100 * lost["accumulate"]),
    }


def set_03(ns):
    up, down = np.array([np.eye(2), -np.eye(2)]), np.array([np.eye(2)] * 2)
    near_tie = [
        np.array(ns.moe_output([1.0, 2.0], [[1 + nudge, 0.0], [1.0, 0.0]], up, down, 1))
        for nudge in (1e-9, -1e-9)
    ]
    collapsed = [{"probs": [[0.5, 0.5] + [0.0] * 6] * 64, "experts": [[0, 1]] * 64}]
    even = [{"probs": [[1 / 8] * 8] * 4, "experts": [[0, 1], [2, 3], [4, 5], [6, 7]]}]
    losses = [ns.balance_losses(layers)["top_k"] for layers in (collapsed, even)]
    moved = ns.router_gradient([1.0, 0.5], [3.0, 1.0], 1.0, 1, True)
    rows = ns.sort_once(
        np.zeros((100, 2)), [[e % 64 for e in range(t, t + 6)] for t in range(100)],
        np.ones((100, 6)) / 6, np.zeros((64, 2, 3)), np.zeros((64, 3, 2)),
    )  # fmt: skip
    rng = np.random.default_rng(0)
    draws = [np.array([rng.permutation(8)[:2] for _ in range(64)]) for _ in range(500)]
    dropped = np.mean([ns.seats(draw.tolist(), 8, 1.0)["dropped"] / 128 for draw in draws])
    assert dropped == pytest.approx(dropped_share(64, 8, 2, 1.0), abs=0.005)
    logits = [[0.0] * 64]
    first_two = np.sum(np.exp(logits[0][:2])) / np.sum(np.exp(logits[0]))
    return {
        "E03.1": lambda: (100 * first_two,),
        "E03.2": lambda: (
            "yes"
            if np.abs(near_tie[0] - near_tie[1]).max() > 0.1
            else "no, it changes by a hair too",
        ),
        "E03.3": lambda: (losses[0],),
        "E03.4": lambda: (100 * dropped_share(64, 8, 2, 1.0),),
        "E03.5": lambda: ("nowhere" if np.allclose(moved, 0, atol=1e-8) else "elsewhere", 1, 2),
        "E03.6": lambda: (shown_by_one_token(ns),),
        "E03.7": lambda: (ns.moe_params(ns.mixtral)["gb"],),
        "E03.8": lambda: (ns.experts_read(8, 8, 2)["touched"],),
        "E03.9": lambda: (all_to_all_bytes(4096, 2, 8, n_moe_layers=32) / 1e3,),
        "E03.10": lambda: (len(rows["counts"]),),
    }


def shown_by_one_token(ns):
    """How many of the four silent faults change what one token with top_k = 1 gives."""
    tree = ast.parse(source("03_mixture_of_experts"))
    right = ast.unparse(next(n for n in tree.body if getattr(n, "name", "") == "moe_layer"))
    faults = {
        "scores / scores.sum(axis=1, keepdims=True)": "scores / scores.sum(axis=0)",
        "output[mask] += ": "output[mask] = ",
        "gates[mask, i, None]": "gates[:mask.sum(), i, None]",
        "probs.mean(axis=0)": "probs.mean()",
    }
    rng = np.random.default_rng(0)
    layer = [rng.normal(size=shape) for shape in ((1, 4), (3, 4), (3, 4, 8), (3, 8, 4))]
    want, changed = ns.moe_layer(*layer, 1), 0
    for good, bad in faults.items():
        assert right.count(good) == 1
        scope = {"np": np}
        exec(right.replace(good, bad), scope)
        got = scope["moe_layer"](*layer, 1)
        same = np.allclose(got["output"], want["output"])
        changed += not (same and np.isclose(got["loss"], want["loss"]))
    return changed


def set_04(ns):
    def worth(epochs):
        return ns.repeated_worth(1.0, epochs, 15.39)["effective"]

    after = math.exp(-11 / 15.39)
    assert after < 0.5 < math.exp(-10 / 15.39)  # the twelfth reading is the first below a half
    shingle = [
        {tuple(words[i : i + 3]) for i in range(len(words) - 2)}
        for words in (text.split() for text in ns.texts[:2])
    ]
    years = math.log(300 / 15) / math.log(2.4)
    said = as_written.forecast_data_exhaustion(15e12, 2.4)["estimated_exhaustion_year"]
    mean, median = np.mean(ns.drawn_years), np.median(ns.drawn_years)
    dates = {"the mean": np.isfinite(mean), "the median": np.isfinite(median)}
    advised = as_written.generate_diversity_recommendations({str(i): 0.04 for i in range(25)})
    efficiency = {
        f"1e{e} tokens": (1 - 0.5 / (1 + 1e9 / 1e12) - 0.5 / (1 + 10**e / 1e12)) / 10**e
        for e in (9, 12)
    }
    best = [100 * ns.best_mixture(ns.shares, ns.code, ns.words, w)["share"] for w in (0.3, 0.5)]
    by_run, by_text = (ns.two_widths(ns.fleet_runs, ns.fleet_law, unit) for unit in ("run", "text"))
    width_ratio = by_run["r_star"][0] / by_run["r_star"][1]
    verdicts = [ns.back_test(ns.start, ns.growth, ns.came, s)["verdict"] for s in (0.9, 0.8)]
    assert verdicts == ["held", "too low"]
    half = ns.back_test(ns.start, ns.growth, [[1.3, 1e12]], 1e-9)["bands"][0]
    median = half[0]
    return {
        "E04.1": lambda: (100 * worth(4) / 4, 40, 100 * worth(40) / 40),
        "E04.2": lambda: (worth(1e4), 12),
        "E04.3": lambda: (years, 2024 + math.floor(years), said),
        "E04.4": lambda: (" and ".join(name for name, date in dates.items() if date),),
        "E04.5": lambda: (100 * len(shingle[0] & shingle[1]) / len(shingle[0] | shingle[1]),),
        "E04.6": lambda: (ns.coverage({"web": 2, "books": 1, "code": 1})["effective"],),
        "E04.7": lambda: (100 * sum(advised.values()),),
        "E04.8": lambda: (max(efficiency, key=efficiency.get),),
        "E04.9": lambda: (best[0], 50, 50, best[1]),
        "E04.10": lambda: (10 * worth(2) / worth(20), 1e12 * worth(20)),
        "E04.11": lambda: (width_ratio, *by_run["interval"], *by_text["interval"]),
        "E04.12": lambda: (1e-12 * median, *(1e-12 * tokens for _, tokens in ns.came[1:]), 90, 80),
    }


def set_05(ns):
    def bill(n_params, n_tokens):
        return n_params * (6 * n_tokens + 2 * 5e12)

    def ratio(n_kv_heads):
        return 3 * 4096 * 14_336 / (2 * 4096 * (4096 + 128 * n_kv_heads))

    small, large = (16.4e9, 3.27e12), (30e9, 1.56e12)
    flops = [ns.answer_flops(8e9, prompt, answer) for prompt, answer in ((500, 1), (1, 200))]
    hours = ns.annual_cost(7e9, 1e11, 1.0, 989.4e12, 0.3)  # at a dollar an hour
    per_token = ns.largest_batch(ns.llama_3_8b, 8.03e9, 80, 1)["kv_bytes"]
    step = ns.decode_step(8.03e9, per_token, 8192, 1, 989.4e12, 3.35e12)["seconds"]
    pruned = ns.compressed(7e9, 4, 0.2, 8)
    bits = 16 / pruned["times_bf16"]
    return {
        "E05.1": lambda: (
            "reading the prompt" if flops[0] > flops[1] else "writing the answer",
            5.5,
        ),
        "E05.2": lambda: (hours * 2.95, hours / 24),
        "E05.3": lambda: (ratio(8), 32, ratio(32)),
        "E05.4": lambda: ((80e9 - 2 * 8.03e9) / per_token / 1e3, 64),
        "E05.5": lambda: (100 * 2 * 8.03e9 / 989.4e12 / step,),
        "E05.6": lambda: ("larger" if bits > 4 else "a tenth smaller", 0.8, 1, bits),
        "E05.7": lambda: (ns.speedup(0.8, 5, 0.05),),
        "E05.8": lambda: (100 * erlang_c(200, 0.95),),
        "E05.9": lambda: (servers_needed(10, 2, 0.5),),
        "E05.10": lambda: (
            100 * (1 - bill(*small) / bill(*large)),
            100 * (small[0] * small[1] / (large[0] * large[1]) - 1),
        ),
    }


def set_10(ns):
    steps = {bits: 1 / ns.quantise([1.0], bits)["scale"] for bits in (8, 4)}
    row = [[1.0] * 128]
    bits = [ns.grouped(row, 4, group)["bytes"] * 8 / 128 for group in (32, 128)]
    weights = np.random.default_rng(0).normal(size=(1000, 1000))
    lost = [100 * ns.prune(weights, 0.5, group)["lost"] for group in (None, 4)]
    limit = NormalDist().inv_cdf(0.75)  # half of a normal variable lies within ±limit
    assert lost[0] == pytest.approx(50 - 200 * limit * NormalDist().pdf(limit), abs=0.03)
    sizes = ns.sparse_bytes(1000, 1000, 100_000, 4)
    even = ns.low_rank(np.eye(768, 3072), 1.0)["break_even"]

    def less_likely(temperature):
        return 100 / (1 + math.exp(4 / temperature))

    # Seconds: reading 0.6, other 0.4; computing and unpacking take none
    step = ns.smaller_step(0.15, 1, 1e99, 1.0, 1e99, 0.4)
    within = ns.choose_plan(ns.plans, ns.limits)["upper"]["int4"]
    verdicts = {
        bits: ns.harm(ns.networks, ns.test_images, ns.test_labels, bits, 1.0)["verdict"]
        for bits in (8, 4, 3)
    }
    (harmless,) = (bits for bits, verdict in verdicts.items() if verdict == "harmless")
    (harms,) = (bits for bits, verdict in verdicts.items() if verdict == "harms")
    return {
        "E10.1": lambda: (steps[8] / steps[4], *steps.values()),
        "E10.2": lambda: (bits[0], 128, bits[1]),
        "E10.3": lambda: lost,
        "E10.4": lambda: (sizes["dense"] / sizes["csr"], sizes["dense"] / sizes["mask"]),
        "E10.5": lambda: (1000 / math.log(2) / 8, 1 / math.log(2), 8),
        "E10.6": lambda: (even, 100 * even / 768),
        "E10.7": lambda: (less_likely(4), 1, less_likely(1)),
        "E10.8": lambda: (step["speedup"], step["limit"]),
        "E10.9": lambda: ("yes" if within <= 0.8 else "no", within),
        "E10.10": lambda: (verdicts[4], harmless, harms),
    }


def source(name):
    return notebooks.ROOT.joinpath("solutions/text", f"{name}.py").read_text(encoding="utf-8")


def set_06(ns):
    gpt3 = fact("energy.GPT-3").value
    chip_hours = gpt3["n_chips"] * gpt3["days"] * 24
    made = ns.footprint(chip_hours, gpt3["power_w"], gpt3["pue_percent"] / 100, gpt3["g_per_kwh"])
    inputs = ns.follows(ns.gpt3_printed, ns.gpt3_inputs)
    verdict = {True: "it follows"}[inputs["follows"]]
    day = ns.accounts([10] * 4, [0, 40, 0, 0], [500, 200, 400, 600])
    risky = [f for f in (3.3e24, 3.8e25) if "EU systemic risk" in ns.laws(f, ["EU"], 0, False)]
    wait = ns.best_start(ns.coming_hours, 3)
    step = ns.bits_saved(8e9, 512, 4, 400e12, 3.35e12)
    reading = ns.bits_saved(8e9, 1, 16, 400e12, 3.35e12)["before"]
    band = ns.band(ns.own_run, 0.95)
    ranked = ns.rank(ns.first_case)
    return {
        "E06.1": lambda: (made["tonnes"], gpt3["tonnes"], gpt3["mwh"]),
        "E06.2": lambda: (verdict, inputs["low"] / 1000, inputs["high"] / 1000),
        "E06.3": lambda: (day["hourly"], day["yearly"], day["location"]),
        "E06.4": lambda: ("the one with more compute" if risky == [3.8e25] else None,),
        "E06.5": lambda: (
            100 * wait["saved"],
            wait["start"],
            ns.coming_hours.index(min(ns.coming_hours)),
        ),
        "E06.6": lambda: (
            ns.concentration([1, 3], 1)["gini"],
            ns.concentration([1e-9, 1], 1)["gini"],
        ),
        "E06.7": lambda: (100 * step["saved"], 1000 * step["before"], 1000 * reading),
        "E06.8": lambda: (ns.student_pays(1e12, 10) / 1e12,),
        "E06.9": lambda: (ranked["surely_best"][0] if ranked["surely_best"] else "none",),
        "E06.10": lambda: (band["likely"][1] / band["likely"][0],),
    }


def set_08(ns):
    at = [3, 1.5]
    true = ns.slopes(at, ns.houses_x, ns.houses_y)["d0"]
    errors = [at[0] + at[1] * x - y for x, y in zip(ns.houses_x, ns.houses_y, strict=True)]
    largest = ns.bowl(ns.houses_x)["largest_rate"]
    found = ns.verdicts(ns.remedies)
    assert found["better"] == ["dropout"]
    p = ns.ttest_rel(ns.remedies["smaller"], ns.remedies["nothing"]).pvalue
    assert p < 0.05 < found["adjusted"]["smaller"]
    chosen = ns.choose_batch(ns.batches, ns.steps, ns.ms_per_step)
    noise = ns.noise(11, 2, 10, 100)
    return {
        "E08.1": lambda: (true / (sum(errors) / 10), 2),
        "E08.2": lambda: (1e6 * largest, 0.1, 0.1 / largest),
        "E08.3": lambda: (ns.scaled_line(ns.houses_x, ns.houses_y, 0.1, 1)["slope"],),
        "E08.4": lambda: (ns.adamw(1.0, [5.0], 0.1, 0.0),),
        "E08.5": lambda: (ns.rate_at(55, 100, 10, 0.4),),
        "E08.6": lambda: (ns.cross_entropy([1000, -1000], 1)["loss"],),
        "E08.7": lambda: (ns.early_stop([9, 7, 6, 8, 8, 5], 2, 0)["stopped"],),
        "E08.8": lambda: (noise["scale"], noise["signal"]),
        "E08.9": lambda: (len(found["better"]) + len(found["worse"]),),
        "E08.10": lambda: (chosen["fastest"], chosen["critical"], 128),
    }


def set_09(ns):
    first = ns.convolution(3, 64, 7, 224, 2, 3)
    sizes = [64, 128, 256, 512], [2, 2, 2, 2], 1000, 3, 7
    steps = ns.epochs(1_281_167, 32, 90, 0.1)["steps"]
    assert 4 < steps / 10 / 86_400 < 5
    means = [sum(g[0] for g in part) / len(part) for part in ns.two_devices]
    assert sum(means) / 2 == 5
    saves = ns.save_every(419, 54, 60, 1000)
    waits = [100 * ns.utilisation(1e9, 1, 1, 1, 16, m)["bubble"] for m in (16, 128)]
    chosen = ns.plan(ns.options, 8e9, 160e9, 14, 80)
    return {
        "E09.1": lambda: (first["flops"] / 1e6, first["side"], first["side"]),
        "E09.2": lambda: (ns.resnet_params(*sizes) / 1e6, 11.7),
        "E09.3": lambda: (steps / 1e6,),
        "E09.4": lambda: (ns.averaged(ns.two_devices)[0],),
        "E09.5": lambda: (ns.memory(7.5e9, 64, 2)["total"], 2 * 7.5),
        "E09.6": lambda: (saves["best_s"] / 60, saves["between_s"] / 3600),
        "E09.7": lambda: (ns.attack([0.95], [0.001], 0.1)[0], 1),
        "E09.8": lambda: (waits[0], 128, waits[1]),
        "E09.9": lambda: (ns.data_law(ns.measured, 0.005)["images"],),
        "E09.10": lambda: (chosen["name"],),
    }


SETS = {
    "E00": (set_00, "00_orders_of_magnitude"),
    "E01.L": (set_01_lab, "01_lab_measure_your_own_law"),
    "E01": (set_01, "01_scaling_laws"),
    "E02": (set_02, "02_emergence_and_collapse"),
    "E03": (set_03, "03_mixture_of_experts"),
    "E04": (set_04, "04_data_bottleneck"),
    "E05": (set_05, "05_inference_and_edge"),
    "E06": (set_06, "06_ethics_and_sustainability"),
    "E08": (set_08, "08_learning"),
    "E09": (set_09, "09_vision"),
    "E10": (set_10, "10_compression"),
}


@cache
def computed(kind):
    if kind not in SETS:
        return chapters()
    function, name = SETS[kind]
    return function(solved(name))


def kind_of(id):
    return id[:5] if id.startswith("E01.L") else id[:3]


def as_printed(number):
    """(value, half a unit of its last digit) of a number in a sentence."""
    plain = number.replace(",", "")
    mantissa, _, exponent = plain.partition("e")
    decimals = len(mantissa.partition(".")[2])
    return float(plain), 0.5 * 10.0 ** (int(exponent or 0) - decimals)


@pytest.mark.parametrize("id", answers())
def test_what_is_said_with_an_answer_is_computed(id):
    call, entry, numbers = asked()[id], answers()[id], to_compute(id)
    if "answer" not in entry and not numbers:
        return  # its answer is computed in the chapter, and its words hold no number
    answer, *values = computed(kind_of(id))[id]()
    assert len(numbers) == len(values), (numbers, values)
    for number, value in zip(numbers, values, strict=True):
        printed, half = as_printed(number)
        assert abs(printed - value) <= half * 1.001, (number, value)
    if "answer" in entry:
        choices = next((k.value for k in call.keywords if k.arg == "choices"), None)
        if choices is None:
            assert answer == pytest.approx(entry["answer"], rel=6e-3)
        else:
            offered = ast.literal_eval(choices)
            assert entry["answer"] in offered
            answer = answer if isinstance(answer, str) else guesses.nearest_choice(answer, offered)
            assert answer == entry["answer"]


def test_every_kept_answer_belongs_to_a_question_and_every_exercise_has_one():
    assert set(answers()) <= set(asked())
    exercises = {id for id in asked() if id.startswith("E")}
    assert exercises == {id for id, entry in answers().items() if "answer" in entry}


def test_the_fields_of_a_reason_are_those_that_the_chapter_gives():
    for text in TEXTS:
        for id, call in calls("compare", ast.parse(text.read_text(encoding="utf-8"))).items():
            given = {keyword.arg for keyword in call.keywords}
            fields = string.Formatter().parse(answers().get(id, {}).get("because", ""))
            assert given == {name for _, name, _, _ in fields if name is not None}, id
            assert (len(call.args) == 1) == ("answer" in answers().get(id, {})), id
