"""Chips come from the facts, dense and with their precision."""

import pytest

from course.accounting.hardware import chip, chip_names
from course.evidence import fact


def test_the_h100_is_the_dense_one():
    h100 = chip("H100")
    assert h100.peak() == h100.peak("bf16") == pytest.approx(989.4e12)
    assert h100.peak("fp8") == pytest.approx(2 * h100.peak(), rel=0.001)
    assert (h100.bandwidth_bytes_per_s, h100.power_w) == (3.35e12, 700)
    assert "NVIDIA" in h100.source


def test_memory_is_what_the_driver_reports_and_not_round_gigabytes():
    assert chip("H100").memory_bytes == 81_559 * 2**20
    reported = fact("hw_note.memory_mib").value
    for name in chip_names():
        printed = fact(f"hw.{name}").value["memory_bytes"]
        if name in reported:
            assert chip(name).memory_bytes == reported[name] * 2**20
            assert 1 < chip(name).memory_bytes / printed < 1.08  # GB on the box, about GiB inside
        else:
            assert chip(name).memory_bytes == printed
    assert {"GB200", "B300", "TPU-v4"} <= set(chip_names()) - reported.keys()


def test_a_chip_without_bf16_peaks_in_fp16():
    assert chip("V100").peak() == 125e12
    with pytest.raises(ValueError, match="precision must be one of fp16 on V100"):
        chip("V100").peak("bf16")


def test_the_ridge_of_each_chip_is_the_published_one():
    for name, flop_per_byte in fact("hw_note.ridge").value.items():
        it = chip(name)
        assert it.peak() / it.bandwidth_bytes_per_s == pytest.approx(flop_per_byte, rel=0.005)


@pytest.mark.parametrize("name", chip_names())
def test_every_chip_of_the_facts_is_whole(name):
    it = chip(name)
    assert 0.05e15 < it.peak() < 10e15
    assert 1e10 < it.memory_bytes < 1e12
    assert 1e11 < it.bandwidth_bytes_per_s < 1e14
    assert it.power_w is None or 50 < it.power_w < 2000
    assert list(it.peak_flop_per_s.values()) == sorted(it.peak_flop_per_s.values())


@pytest.mark.parametrize("name", ["", "h100", "H1000", None, 3, ["H100"]])
def test_an_unknown_chip_is_refused(name):
    with pytest.raises(ValueError, match="chip must be one of V100, A100, H100"):
        chip(name)
