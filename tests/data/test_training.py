"""The runs of chapter 4: what they read, and that the committed table is the whole plan."""

import base64
import re

import numpy as np
import pytest

from course.data import training
from course.data.quality import similarity
from course.experiments.corpus import Corpus
from course.experiments.sweep import key, read_table

SMALL = 40_000  # bytes of a mixture


@pytest.fixture
def small_corpus(monkeypatch):
    """Twelve files of the library: all of it takes long to divide into code and words."""
    whole = training.corpus()
    some = {
        split: dict(sorted(files.items(), key=lambda one: -len(one[1]))[:12])
        for split, files in whole.documents.items()
    }
    monkeypatch.setattr(training, "corpus", lambda: Corpus(whole.domains, some))
    training.code_and_words.cache_clear()
    yield
    training.code_and_words.cache_clear()


def test_the_committed_table_is_the_plan_each_run_once():
    planned = [key(spec) for spec in training.specs()]
    rows = read_table(training.TABLE)
    names = list(training.specs()[0])
    found = [key({name: row[name] for name in names}) for row in rows]
    assert sorted(found) == sorted(planned)
    assert len(set(found)) == len(found) == 60
    assert len({(row["corpus"], row["python"], row["torch"]) for row in rows}) == 1
    assert all(0 < row["loss"] < np.log(256) for row in rows)
    assert {row["flops"] for row in rows} == {training.flops(training.specs()[0])}  # equal compute


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_a_mixture_has_its_shares(share, small_corpus):
    code, words = (text.tobytes() for text in training.code_and_words("train"))
    text = training.mixture(share, SMALL, seed=3)
    assert text.size >= SMALL
    blocks = [
        text[at : at + training.BLOCK].tobytes() for at in range(0, text.size, training.BLOCK)
    ]
    of_words = sum(block in words for block in blocks)
    assert of_words == round(share * len(blocks))
    assert sum(block in code for block in blocks) == len(blocks) - of_words
    assert len(set(blocks)) == len(blocks)  # nothing twice
    assert np.array_equal(text, training.mixture(share, SMALL, seed=3))
    assert not np.array_equal(text, training.mixture(share, SMALL, seed=4))


def test_the_crawl_is_half_programs_a_quarter_copies_a_quarter_data():
    documents = training.crawl()
    originals = {
        text.decode("utf-8", "replace") for text in training.corpus().documents["train"].values()
    }
    sizes = {"programs": 0, "data": 0, "copies": 0}
    for one in documents:
        kind = "data" if re.fullmatch(r"[\w+/=\n]+", one) else "copies"
        sizes["programs" if one in originals else kind] += len(one)
    total = sum(sizes.values())
    assert total == pytest.approx(training.CRAWL_BYTES, rel=0.05)
    assert sizes["programs"] / total == pytest.approx(0.5, abs=0.03)
    assert sizes["data"] / total == pytest.approx(0.25, abs=0.03)
    data = next(one for one in documents if re.fullmatch(r"[\w+/=\n]+", one))
    assert len(base64.decodebytes(data.encode())) == 6000
    assert documents == training.crawl() != training.crawl(seed=1)


def test_a_near_copy_is_near():
    text = max((one for one in training.crawl() if len(one) < 30_000), key=len)
    copy = training._edited(text, np.random.default_rng(0))
    assert 0.7 < similarity(text, copy) < 1
