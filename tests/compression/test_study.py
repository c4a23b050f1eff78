"""The committed tables are the whole plan, a cheap row comes out again, and say what is claimed."""

import warnings

import numpy as np
import pytest

from course.accounting.compression import CompressionPlan
from course.compression import brittleness, methods, quantise, study, timings, views
from course.compression.explorer import compression_explorer
from course.experiments.runs import load_runs
from course.experiments.sweep import key


@pytest.mark.parametrize(
    ("plan", "table"), [(methods, study.METHODS), (brittleness, study.BRITTLENESS)]
)
def test_the_committed_table_is_the_plan_each_run_once(plan, table):
    specs, rows = plan.specs(), load_runs(table)
    names = list(specs[0])
    found = [key({name: row[name] for name in names}) for row in rows]
    assert sorted(found) == sorted(map(key, specs))
    assert len({tuple(row[name] for name in plan.provenance()) for row in rows}) == 1


def test_a_student_and_a_file_come_out_again():
    rows = {(r["method"], r["setting"], r["seed"]): r for r in load_runs(study.METHODS)}
    row = rows["student, alone", 8, 0]
    made = methods.run(row)
    assert made["accuracy"] == pytest.approx(row["accuracy"], abs=0.02)  # processors differ
    assert made["bytes"] == row["bytes"]


def test_the_cheapest_byte_model_comes_out_again(tmp_path, monkeypatch):
    monkeypatch.setattr(brittleness, "WEIGHTS", tmp_path)
    row = min(load_runs(study.BRITTLENESS), key=brittleness.flops)
    if brittleness.provenance()["corpus"] != row["corpus"]:
        pytest.skip("another version of Python or of a package is another text")
    made = brittleness.run(row)
    for name in ("loss", "loss_int8", "loss_int4", "loss_int3"):
        assert made[name] == pytest.approx(row[name], abs=5e-3)
    assert len(list(tmp_path.iterdir())) == 1
    again = brittleness.run(row)  # from the weights that were kept
    assert {**again, "seconds": 0} == {**made, "seconds": 0}


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_packed_codes_hold_every_code_and_no_gap(bits):
    codes = quantise(np.random.default_rng(0).normal(size=(8, 32)), bits).codes
    string = methods.packed(codes, bits)
    assert string.nbytes == codes.size * bits / 8
    back = np.unpackbits(string).reshape(-1, bits) @ (1 << np.arange(bits)[::-1])
    assert np.array_equal(back.reshape(codes.shape) - 2 ** (bits - 1), codes)


def test_a_two_of_four_matrix_can_be_put_together_again():
    weights = np.random.default_rng(1).normal(size=(4, 16))
    kept, places = methods.two_of_four(weights)
    read = (np.unpackbits(places).reshape(-1, 2) @ [2, 1]).reshape(-1, 2)
    assert np.array_equal(read, kept)
    put = np.zeros((16, 4))
    np.put_along_axis(put, read, np.take_along_axis(weights.reshape(-1, 4), kept, 1), 1)
    assert np.array_equal(put.reshape(4, 16), methods.prune_two_of_four(weights))


def test_the_plan_on_paper_is_the_file_within_headers():
    n_weights = 64 * 512 + 512 * 512 + 512 * 10
    plan = CompressionPlan(n_weights, 4, 0.5, "2:4", group_size=64)
    biases = 4 * (512 + 512 + 10)
    one = study.methods().of[methods.COMBINED, 4]
    assert one.bytes - biases == pytest.approx(plan.weight_bytes, rel=0.03)


def test_units_that_are_dropped_leave_a_network_that_computes():
    layers = methods.without_units(
        [(np.eye(4), np.zeros(4)), (np.eye(4), np.zeros(4)), (np.eye(4), np.zeros(4))], 0.5
    )
    assert [weights.shape for weights, _ in layers] == [(2, 4), (2, 2), (4, 2)]


def test_compression_costs_accuracy_when_pushed_and_is_common_in_three_ways():
    """K122, K123: pruning, quantisation and low rank each save much, and each ends in a cliff."""
    measured = study.methods()
    for method in ("smallest to zero", "int, a scale for each row", "low rank"):
        mildest, *_, last = measured.settings(method)
        assert last.beside_trained.verdict == "lower"
        assert last.accuracy.high < 0.8 < mildest.accuracy.low
        assert mildest.beside_trained.verdict == "not told apart"
        assert measured.smallest_not_lower(method).bytes < measured.trained.bytes / 1.8
    assert measured.trained.accuracy.low > 0.97


def test_compression_lowers_performance():
    """K132: most settings that the chapter tries are told apart from the network as trained."""
    beside = [one.beside_trained for one in study.methods().of.values() if one.beside_trained]
    assert sum(pair.verdict == "lower" for pair in beside) > len(beside) / 2
    assert not any(pair.verdict == "higher" for pair in beside)


def test_a_teacher_is_no_second_method():
    """K169: "model" and "knowledge" distillation are one; the table has one kind of teaching."""
    taught = study.taught_against_alone()
    assert sorted(taught) == [4, 8, 16, 64]
    assert all(pair.difference.value < 0 for pair in taught.values())


def test_scattered_zeros_do_not_speed_up_a_dense_product():
    """K166: nine zeros in ten; what makes the matrices smaller does speed up."""
    times = study.times()
    for batch in timings.BATCHES:
        assert times["90 % zeros, dense product", batch] > 0.9
        assert times["half of the units dropped", batch] < 0.9


def test_all_forms_that_are_timed_compute_what_they_say():
    import torch

    model = methods.network(32)
    x = torch.rand(5, 64)
    with torch.no_grad():
        wanted = model(x)
        rounded = timings.changed(model, timings.RoundedLinear)(x)
        zeros = timings.changed(model, timings.zeroed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sparse = timings.changed(zeros, timings.SparseLinear)(x)
        assert torch.allclose(rounded, wanted, atol=0.02)
        assert torch.allclose(sparse, zeros(x), atol=1e-5)
        assert timings.changed(model, timings.thin)(x).shape == wanted.shape
    assert {form for form, _ in study.times()} >= set(views.FORMS.values())


def test_no_term_of_the_law_is_compression_but_reading_more_makes_rounding_dearer():
    """K125: the loss that rounding adds rises with the bytes read for each parameter."""
    for found in study.brittleness().values():
        for bits in (4, 3, 2):
            assert (np.diff(found.rise[bits].value) > 0).all()
            assert found.first_against_last()[bits].verdict == "higher"
        assert found.exponent(3).low > 0.5
        with pytest.raises(ValueError, match="bits"):
            found.exponent(8)


def test_more_reading_can_make_the_rounded_model_worse():
    small = study.brittleness()[16]
    assert (np.diff(small.loss.value) < 0).all()
    assert small.last_step()[3].verdict == "higher"
    assert small.last_step()[4].verdict == "lower"
    assert small.loss_after(3)[:, -1] == pytest.approx(
        [r["loss_int3"] for r in load_runs(study.BRITTLENESS) if r["bytes_per_param"] == 320]
    )


def test_what_the_text_says_of_students_zeros_and_teachers():
    measured = study.methods()
    student = measured.of["student, alone", 64]
    assert student.bytes < 40_000
    others = [
        one
        for one in measured.of.values()
        if one.bytes < 100_000 and not one.method.startswith("student")
    ]
    assert others
    assert max(one.accuracy.high for one in others) < student.accuracy.low
    assert measured.of["2 of 4 to zero", 0.5].beside_trained.verdict == "lower"
    assert measured.of["int, a scale for each 16", 4].beside_trained.verdict == "not told apart"
    assert {pair.verdict for pair in study.taught_against_alone().values()} == {"lower"}


# --- the explorer ---------------------------------------------------------------------------------


def test_the_choice_fits_and_is_the_largest_that_does():
    for method in views.FAMILIES:
        for limit in (0.003, 0.01, 0.1, 0.3, 1):
            view = views.throw_away(method, limit)
            fits = [o for o in view.curve if o.bytes <= limit * view.trained_bytes]
            assert view.chosen == (max(fits, key=lambda o: o.bytes) if fits else None)
    with pytest.raises(ValueError, match="method"):
        views.throw_away("zip", 0.1)


def test_every_setting_of_the_explorer_gives_a_picture_and_its_sentence():
    explorer, pictures = compression_explorer(), set()
    for method in views.FAMILIES:
        for limit in (0.003, 0.03, 1.0):
            pictures.add(explorer.picture(method=method, limit=limit))
            said = explorer.sentence(method=method, limit=limit)
            assert method in said
            assert "nan" not in said
    assert len(pictures) >= 16
    assert "No measured setting" in explorer.sentence(method="low rank", limit=0.003)
    assert "times as long" in explorer.sentence(method="low rank", limit=0.15)
