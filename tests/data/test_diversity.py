"""Domains of a real corpus, their evenness, and mixtures that add up."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.data import (
    MUENNIGHOFF_2023,
    DataDiversityAnalyzer,
    NgramModel,
    effective_number,
    entropy,
    evenness,
    shares,
)
from tests.data.corpus import PACKAGES, pieces, source

amounts = st.lists(st.floats(0, 1e12), min_size=1, max_size=12).filter(lambda one: max(one) > 1e-9)
A = DataDiversityAnalyzer()


# --- the measures ---------------------------------------------------------------------------------


def test_by_hand():
    assert entropy([1, 1, 1, 1]) == pytest.approx(np.log(4))
    assert effective_number([1, 1, 1, 1]) == pytest.approx(4)
    assert evenness([1, 1, 1, 1]) == 1
    half = [0.5, 0.25, 0.25]
    assert entropy(half) == pytest.approx(1.5 * np.log(2))
    assert effective_number(half) == pytest.approx(2**1.5)
    assert effective_number(half, 0) == pytest.approx(3)
    assert effective_number(half, 2) == pytest.approx(8 / 3)


def test_edge_cases_have_defined_answers():
    """K079, K082: one domain, one that holds all, shares of 0; the rest is refused in words."""
    for lone in ({"a": 5}, {"a": 1, "b": 0}, {"a": 0, "b": 3, "c": 0}):
        assert A.calculate_diversity_index(lone) == 0
        assert not np.signbit(A.calculate_diversity_index(lone))  # 0.0 and not -0.0
        assert effective_number(lone) == 1
    assert evenness({"a": 1, "b": 1, "c": 0}) == pytest.approx(np.log(2) / np.log(3))
    for wrong in ({}, [], {"a": 0, "b": 0}, {"a": -1, "b": 2}, [1, np.nan], [np.inf], "web", [[1]]):
        for measure in (shares, entropy, evenness, effective_number, A.calculate_diversity_index):
            with pytest.raises(ValueError, match="amounts"):
                measure(wrong)


@settings(max_examples=50)
@given(amounts)
def test_bounds(one):
    p = shares(one)
    assert p.sum() == pytest.approx(1)
    assert 0 <= evenness(one) <= 1
    n_present = np.count_nonzero(p)
    by_order = [effective_number(one, q) for q in (0, 0.5, 1, 2, 10)]
    assert by_order[0] == pytest.approx(n_present)
    assert np.all(np.diff(by_order) <= 1e-6 * n_present)  # rare domains count for less
    assert min(by_order) >= 1 - 1e-9
    assert max(by_order) <= len(one) * (1 + 1e-9)


@settings(max_examples=50)
@given(amounts, st.floats(1e-6, 1e6), st.randoms())
def test_neither_unit_nor_order_matters(one, factor, luck):
    other = [factor * x for x in luck.sample(one, len(one))]
    assert entropy(other) == pytest.approx(entropy(one), abs=1e-9)
    assert effective_number(other, 2) == pytest.approx(effective_number(one, 2))


@settings(max_examples=40)
@given(amounts, st.sampled_from([0, 0.5, 1, 2, 3]))
def test_two_corpora_alike_are_twice_as_diverse(one, order):
    """The replication principle: it holds for the effective number, and not for evenness."""
    assert effective_number([*one, *one], order) == pytest.approx(2 * effective_number(one, order))


def test_the_index_depends_on_how_domains_are_cut():
    """K080: cutting the web into two changes the index, though no text has changed."""
    whole = {"web": 0.6, "books": 0.2, "code": 0.2}
    cut = {"web, old": 0.3, "web, new": 0.3, "books": 0.2, "code": 0.2}
    assert A.calculate_diversity_index(whole) == pytest.approx(0.865, abs=5e-4)
    assert A.calculate_diversity_index(cut) == pytest.approx(0.985, abs=5e-4)


# --- recommendations ------------------------------------------------------------------------------


@settings(max_examples=40)
@given(st.lists(st.floats(1, 1e12), min_size=1, max_size=30), st.randoms())
def test_recommendations_sum_to_one(one, luck):
    """K081: whatever the target, and for 25 equal domains too."""
    present = {f"d{i}": amount for i, amount in enumerate(one)}
    target = {name: luck.random() + 1e-3 for name in present}
    for wanted in (target, "even", present):
        advice = A.recommend(present, wanted, n_tokens=1e12)
        assert sum(each.weight for each in advice.values()) == pytest.approx(1)
        assert sum(each.share for each in advice.values()) == pytest.approx(1)
        drawn = sum(each.epochs * present[name] for name, each in advice.items())
        assert drawn == pytest.approx(1e12)
    equal = A.recommend(dict.fromkeys(range(25), 1), "even")
    assert sum(each.weight for each in equal.values()) == pytest.approx(1)


def test_raising_a_share_means_repeating():
    tokens = {"web": 90e9, "books": 9e9, "code": 1e9}
    advice = A.recommend(tokens, "even", n_tokens=60e9)
    assert advice["web"].epochs == pytest.approx(20 / 90)
    assert advice["web"].worth == 1
    assert advice["code"].epochs == pytest.approx(20)
    assert advice["code"].worth == pytest.approx(MUENNIGHOFF_2023.share_of_fresh(20))
    assert advice["code"].worth < 0.6
    assert A.recommend(tokens, tokens)["web"].weight == pytest.approx(0.9)
    assert A.recommend(tokens, "even")["code"].epochs is None


def test_a_target_that_cannot_be_met_is_refused():
    tokens = {"web": 9, "code": 0}
    with pytest.raises(ValueError, match=r"without any text.*code"):
        A.recommend(tokens, "even")
    assert A.recommend(tokens, {"web": 1, "code": 0}, n_tokens=18)["web"].epochs == 2
    for wrong in ({"web": 1}, {"web": 1, "code": 0, "books": 0}, "best", None, 3):
        with pytest.raises(ValueError, match="target must be 'even' or give a weight"):
            A.recommend(tokens, wrong)
    with pytest.raises(TypeError):  # without a target there is no recommendation
        A.recommend(tokens)


# --- a real corpus --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained():
    documents = {name: pieces(name, most=24) for name in PACKAGES}
    labels = [name for name, texts in documents.items() for _ in texts]
    return DataDiversityAnalyzer().train([t for texts in documents.values() for t in texts], labels)


def unseen(name, n):
    return pieces(name, most=60)[-n:]


def test_the_classifier_tells_packages_apart(trained):
    assert trained.accuracy > 0.85  # guessing: a sixth
    assert trained.classify(["async def wait(loop): await loop.create_task(run())"]) == ["asyncio"]


def test_the_domains_of_a_corpus_without_labels(trained):
    """K082: estimate_domain_fraction exists, and comes near to the truth."""
    corpus = unseen("asyncio", 20) + unseen("email", 10) + unseen("encodings", 10)
    truth = ["asyncio"] * 20 + ["email"] * 10 + ["encodings"] * 10
    by_label = trained.analyze_domain_coverage(corpus, truth)
    found = trained.analyze_domain_coverage(corpus)
    assert by_label.distribution == {"asyncio": 0.5, "email": 0.25, "encodings": 0.25}
    assert by_label.effective_domains == pytest.approx(2**1.5)
    assert set(found.distribution) == set(PACKAGES)
    assert sum(found.distribution.values()) == pytest.approx(1)
    for name in PACKAGES:
        real = by_label.distribution.get(name, 0)
        assert found.distribution[name] == pytest.approx(real, abs=0.12)
        assert trained.estimate_domain_fraction(corpus, name) == found.distribution[name]
    assert found.accuracy == trained.accuracy
    assert "share of the text" in found._repr_html_()
    with pytest.raises(ValueError, match="domain must be one of"):
        trained.estimate_domain_fraction(corpus, "books")


def test_what_cannot_be_analysed_is_refused(trained):
    with pytest.raises(ValueError, match="call train"):
        DataDiversityAnalyzer().analyze_domain_coverage(["x"])
    with pytest.raises(ValueError, match="documents must not be empty"):
        trained.analyze_domain_coverage([])
    with pytest.raises(ValueError, match="amounts must not all be 0"):
        trained.analyze_domain_coverage(["", ""], ["a", "b"])
    with pytest.raises(ValueError, match="documents must be texts, got int at 1"):
        trained.classify(["x", 3])
    with pytest.raises(ValueError, match="got one text"):
        trained.classify("x")
    with pytest.raises(ValueError, match="labels must be as many"):
        trained.analyze_domain_coverage(["x"], ["a", "b"])
    with pytest.raises(ValueError, match="labels must name two domains"):
        DataDiversityAnalyzer().train(["x"] * 8, ["a"] * 8)


# --- what a mixture does, measured by counting ----------------------------------------------------


def test_the_best_mixture_depends_on_the_target():
    """K080: for one domain's text the even mixture is not the best, and for both it may be."""
    weights, parts, n_pieces = (0.05, 0.25, 0.5, 0.75, 0.95), [], 80
    for name in ("email", "asyncio"):
        text = pieces(name, n_chars=1000, most=120)
        parts.append((text[::4], [piece for place, piece in enumerate(text) if place % 4]))
    (first_test, first), (second_test, second) = parts

    def losses(weight):
        n_first = round(n_pieces * weight)
        model = NgramModel(4).fit([*first[:n_first], *second[: n_pieces - n_first]])
        return [model.nats_per_byte("".join(test)) for test in (first_test, second_test)]

    table = np.array([losses(weight) for weight in weights])
    best = [weights[place] for place in table.argmin(axis=0)]
    assert best[0] > 0.5 > best[1]
    even = table[weights.index(0.5)]
    assert np.all(even - table.min(axis=0) > 0.03)  # nats per byte that the even mixture costs
    assert weights[table.mean(axis=1).argmin()] in (0.25, 0.5, 0.75)


def test_more_diverse_text_generalises_better():
    """C §2.2: characters from four packages serve better than as many of any one."""
    test = source("multiprocessing")[:50_000]
    names = ("email", "asyncio", "unittest")
    alone = [NgramModel(4).fit([source(name)[:80_000]]).nats_per_byte(test) for name in names]
    mixed = [source(name)[:20_000] for name in (*names, "json")]
    assert NgramModel(4).fit(mixed).nats_per_byte(test) < min(alone)


def test_words_keep_their_marks_and_half_a_pair_stops_nothing():
    hindi = ["वह दिन में काम करता है", "दिन में धूप है", "हर दिन नया है", "दिन ढल गया है"] * 3
    poor = ["वह दीन की सेवा करता है", "दीन जन दुखी है", "दीन को दान दो", "दीन का साथ दो \ud83d"] * 3
    analyzer = DataDiversityAnalyzer().train(hindi + poor, ["day"] * 12 + ["poor"] * 12)
    assert analyzer.classify(["दिन", "दीन"]) == ["day", "poor"]
    decomposed = [unicodedata.normalize("NFD", text) for text in ("déjà", "été")]
    coverage = analyzer.analyze_domain_coverage(decomposed, ["a", "b"])
    assert coverage.distribution == {"a": 4 / 7, "b": 3 / 7}
