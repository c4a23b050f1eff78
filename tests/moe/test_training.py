"""The runs of dense against mixture: the plan, the counting, and a run made again."""

import numpy as np
import pytest
import torch

from course.experiments import fleet
from course.experiments.model import count_parameters
from course.experiments.sweep import key, read_table
from course.moe import training
from course.moe.__main__ import main


def text(n_bytes, seed=0):
    return np.random.default_rng(seed).integers(97, 105, n_bytes).astype(np.uint8)


@pytest.mark.parametrize("row", training.specs(), ids=lambda row: "-".join(key(row)))
def test_parameters_are_counted_as_torch_counts_them(row):
    model = training.build(row)
    n_active, n_total = training._active_and_total(row)
    assert n_total == sum(parameter.numel() for parameter in model.parameters())
    idle = 1 - row["top_k"] / row["num_experts"]
    experts = sum(p.numel() for name, p in model.named_parameters() if "experts" in name)
    others = sum(
        p.numel()
        for name, p in model.named_parameters()
        if "experts" not in name and "norm" not in name and "embedding" not in name
    )
    assert n_active == pytest.approx(others + experts * (1 - idle))


def test_active_compute_is_the_dense_models_and_the_routers():
    for row in training.specs():
        dense = fleet.flops(row)
        router = 6 * training.N_LAYERS * row["d_model"] * row["num_experts"] * row["n_tokens"]
        assert training.flops(row) == pytest.approx(dense + router)
        assert training._active_and_total(row)[0] > count_parameters(row["d_model"]).n_with_head


def test_each_main_run_has_a_dense_partner_in_the_plan_of_the_fleet():
    planned = {(r["d_model"], r["n_tokens"], r["seed"]) for r in fleet.isoflop()}
    assert {(r["d_model"], r["n_tokens"], r["seed"]) for r in training.main_runs()} <= planned


def test_the_committed_table_is_the_whole_plan_on_the_fleets_text():
    rows = read_table(training.TABLE)
    names = list(training.specs()[0])
    assert sorted(key({name: row[name] for name in names}) for row in rows) == sorted(
        key(spec) for spec in training.specs()
    )
    assert {row["corpus"] for row in rows} == {row["corpus"] for row in fleet.load_fleet()}


def test_the_balance_loss_has_the_weight_it_is_said_to_have(monkeypatch):
    """0.01 of a loss that is 1 at balance: the layer's own is top_k there."""
    seen = []
    monkeypatch.setattr(training, "train", lambda *_, recipe, **__: seen.append(recipe))
    for top_k in (1, 2):
        training.train_model(training.spec("x", 16, 3e10, 0, top_k=top_k), text(200))
    assert [recipe.balance_coefficient for recipe in seen] == [0.01, 0.005]


def test_the_bias_moves_once_a_step_and_only_where_it_is_asked_for():
    row = training.spec("x", 8, 1e9, 0, router="sigmoid", balance_coefficient=0.0, bias_rate=0.01)
    row |= {"n_tokens": 64 * 20}
    model, log = training.train_model(row, text(2_000))
    for block in model.blocks:
        bias = block.feed_forward.layer.bias
        steps = bias / 0.01
        assert torch.allclose(steps, steps.round(), atol=1e-3)
        assert 0 < steps.round().abs().max() <= log.steps
    still, _ = training.train_model(row | {"bias_rate": 0.0}, text(2_000))
    assert not still.blocks[0].feed_forward.layer.bias.any()


def test_shares_are_those_of_the_held_out_text_alone():
    model = training.build(training.spec("x", 8, 1e9, 0))
    first = training.held_out_shares(model, text(1_000))
    again = training.held_out_shares(model, text(1_000))
    assert torch.equal(first[1], again[1])
    assert first[1].shape == (3, 8)
    assert torch.allclose(first[1].sum(1), torch.ones(3))
    assert model.blocks[0].feed_forward.counts.sum() == 2 * 15 * 64  # top 2, 15 windows


def test_a_run_can_be_made_again_and_the_command_resumes(tmp_path, monkeypatch, capsys):
    corpus = type("Corpus", (), {"text": lambda self, split: text(5_000, len(split))})()
    monkeypatch.setattr(training, "corpus", lambda: corpus)
    monkeypatch.setattr(fleet, "provenance", lambda: {"corpus": "letters"})
    tiny = training.spec("tiny", 8, 1e9, 0) | {"n_tokens": 1_280}
    monkeypatch.setitem(training.STUDIES, "tiny", lambda: [tiny])
    table = tmp_path / "mine.csv"
    for _ in range(2):
        main(["tiny", "--table", str(table), "--jobs", "1"])
    said = capsys.readouterr().out.splitlines()
    assert [line[:10] for line in said] == ["1 runs don", "0 runs don"]
    (row,) = read_table(table)
    assert training.run(tiny)["loss"] == row["loss"]
    assert 1 / 8 <= row["largest_share"] <= 0.5
    assert 0 <= row["dead_experts"] < 7


def test_unknown_studies_are_named(capsys):
    with pytest.raises(SystemExit):
        main(["mains"])
    assert "studies must be among main, ablation" in capsys.readouterr().err
