"""Filters on real text: the standard library's source, with faults planted in it."""

import random
import re
import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.data import (
    CODE_LIMITS,
    Filtered,
    NgramModel,
    deduplicate,
    document_statistics,
    filter_by_perplexity,
    filter_by_statistics,
    shingles,
    similarity,
)
from tests.data.corpus import package, pieces, source

# --- near-duplicates ------------------------------------------------------------------------------


def real_documents():
    texts = [*package("asyncio").values(), *package("email").values(), *package("json").values()]
    return [text[:6000] for text in texts if len(text) > 1500]


def renamed(text, luck):
    """One name replaced by another, everywhere."""
    names = sorted(set(re.findall(r"\b[a-z_]{6,}\b", text)))
    return re.sub(rf"\b{luck.choice(names)}\b", "another_name", text, count=3)


def with_header(text, luck):
    return f"# Copyright {luck.randrange(1990, 2030)} nobody in particular\n" * 2 + text


def with_lines_dropped(text, luck):
    lines = text.splitlines(keepends=True)
    gone = luck.randrange(len(lines) - 2)
    return "".join(lines[:gone] + lines[gone + 2 :])


def reformatted(text, luck):
    return text.replace("    ", "\t").replace("\n\n", "\n")


def half_rewritten(text, luck):
    """A decoy: every second line is another's, so that it is no duplicate."""
    other = luck.sample(source("unittest").splitlines(keepends=True), k=len(text.splitlines()))
    return "".join(b if i % 2 else a for i, (a, b) in enumerate(zip(text.splitlines(True), other)))  # noqa: B905


@pytest.fixture(scope="module")
def planted():
    """The real documents, then near-copies of some, then decoys."""
    luck = random.Random(0)
    real = real_documents()
    edits = (renamed, with_header, with_lines_dropped, reformatted)
    copies = [edits[i % 4](text, luck) for i, text in enumerate(real[:32])]
    decoys = [half_rewritten(text, luck) for text in real[:12]]
    return real, copies, decoys


def test_planted_copies_are_found_and_nothing_else(planted):
    """K127: cleaning finds what is wrong with a text without a label on any of it."""
    real, copies, decoys = planted
    found = deduplicate([*real, *copies, *decoys], threshold=0.8)
    removed = set(found.removed)
    truth = set(range(len(real), len(real) + len(copies)))
    # What is similar enough by an exact count is a duplicate, whoever planted it.
    n = len(real)
    similar = {place for place in truth if similarity(copies[place - n], real[place - n]) >= 0.8}
    assert len(similar) >= 30
    assert len(removed & similar) / len(similar) >= 0.95  # recall
    assert removed <= truth  # precision 1: no file of the library, no decoy
    assert all(found.removed[p].endswith(f"document {p - n}") for p in removed & similar)
    everything = list(range(n + len(copies) + len(decoys)))
    assert sorted([*found.kept, *found.removed]) == everything


def test_pairs_right_on_the_threshold_are_found_too(planted):
    """Each document with so many lines blanked that it is just 0.80 to 0.84 similar."""
    luck, pairs = random.Random(1), []
    for text in (one[:3000] for one in planted[0]):
        lines = text.splitlines()
        places = luck.sample(range(len(lines)), len(lines))
        low, high = 0, len(lines) // 2
        while high - low > 1:
            middle = (low + high) // 2
            copy = "\n".join(line for i, line in enumerate(lines) if i not in places[:middle])
            alike = similarity(copy, text)
            low, high = (middle, high) if alike >= 0.80 else (low, middle)
            if 0.80 <= alike < 0.84:
                pairs.append((text, copy))
                break
    assert len(pairs) >= 25
    texts, copies = zip(*pairs, strict=True)
    found = deduplicate([*texts, *copies]).removed
    assert min(found) >= len(texts)
    assert len(found) >= 0.95 * len(copies)


def test_the_first_of_a_pair_stays(planted):
    real, copies, _ = planted
    once = deduplicate([real[0], real[1], real[0], real[0]])
    assert once.kept == (0, 1)
    assert once.removed == {2: "100% like document 0", 3: "100% like document 0"}
    assert deduplicate([real[0], copies[0]]).kept == (0,)
    assert deduplicate([real[0], copies[0]], threshold=1.0).kept == (0, 1)
    assert deduplicate([]).kept == ()
    assert deduplicate(["", "", "one word"]).kept == (0, 2)


def test_near_copies_are_found_in_a_script_without_spaces():
    """The documents are Chinese: a sentence as one word would hide what two of them share."""
    text = "规模化定律说,损失随参数量、数据量和算力的增加按幂律下降。" * 3
    near = text.replace("下降", "减少", 1)
    other = "混合专家模型把每个词元只交给少数几个专家,所以参数可以很多。" * 3
    assert shingles("规模化定律", 2) == {"规 模", "模 化", "化 定", "定 律"}
    assert shingles("用GPT-3 测试", 2) == {"用 GPT", "GPT 3", "3 测", "测 试"}
    assert similarity(text, near) > 0.8
    assert list(deduplicate([text, other, near], threshold=0.8).removed) == [2]


def test_deduplication_of_the_clean_is_idempotent(planted):
    documents = [*planted[0], *planted[1]]
    once = deduplicate(documents).of(documents)
    assert deduplicate(once).removed == {}


@settings(max_examples=50)
@given(st.text(max_size=80), st.text(max_size=80))
def test_similarity_is_a_share_and_symmetric(a, b):
    assert 0 <= similarity(a, b) == similarity(b, a) <= 1
    assert similarity(a, a) == 1
    assert shingles(a)


@pytest.mark.parametrize("threshold", [0, 1.1, float("nan"), "0.8"])
def test_a_wrong_threshold_is_refused(threshold):
    with pytest.raises(ValueError, match="threshold"):
        deduplicate(["a"], threshold=threshold)


# --- statistics -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("वह दिन में काम करता है", "वह दीन में काम करता है"),  # day, poor: a vowel sign apart
        ("ไปหาแม่", "ไปหาแม"),  # a tone mark apart
    ],
)
def test_a_combining_mark_makes_another_word(first, second):
    assert deduplicate([first, second]).kept == (0, 1)
    assert deduplicate([first, first]).kept == (0,)


def test_thai_is_compared_character_by_character():
    text = "".join(chr(0x0E01 + i % 40) for i in range(0, 400, 7))
    assert 0.5 < similarity(text, text[:-2] + "กก") < 1


def test_composed_and_decomposed_letters_are_one_text():
    text = "Élève à l'école, où il étudie le français déjà\n한국어 문장"
    other = unicodedata.normalize("NFD", text)
    assert other != text
    assert similarity(text, other) == 1
    assert document_statistics(text) == document_statistics(other)
    model = NgramModel(3).fit(["où il étudie"])
    assert model.perplexity(text) == model.perplexity(other)


def test_marks_are_letters_and_no_symbols():
    found = document_statistics("वह दिन में काम करता है और हिन्दी पढ़ता है")
    assert found.symbol_share == 0
    assert found.alphabetic_share == 1
    assert document_statistics("ก่อนที่ ١٢٣ ५").symbol_share == 0
    assert document_statistics("€ + €").symbol_share == 1


def test_half_a_surrogate_pair_stops_nothing():
    documents = ["a text with \ud83d in it", "another text, without", "a text with \ud83d in it"]
    assert deduplicate(documents).kept == (0, 1)
    assert document_statistics(documents[0]).n_chars == 19
    model = NgramModel(2).fit(documents)
    assert filter_by_perplexity(documents, model, 0, 1).kept == (0, 1, 2)


def test_statistics_by_hand():
    found = document_statistics("# a b\nx = 1\n\nx = 1\n")
    assert (found.n_chars, found.n_lines) == (19, 3)
    assert found.alphabetic_share == 4 / 9  # a b x x of #ab x=1 x=1
    assert found.symbol_share == 3 / 9
    assert found.repeated_line_share == pytest.approx(1 / 3)
    assert found.comment_share == pytest.approx(1 / 3)


@settings(max_examples=50)
@given(st.text(max_size=200))
def test_statistics_are_shares(text):
    found = document_statistics(text)
    for name in ("alphabetic_share", "symbol_share", "repeated_line_share", "comment_share"):
        assert 0 <= getattr(found, name) <= 1
    assert found.alphabetic_share + found.symbol_share <= 1 + 1e-12


def test_bad_documents_are_named_and_good_ones_stay():
    good = [text for text in package("asyncio").values() if len(text) > 500]
    bad = {
        "repeated_line_share": "pass\n" * 300,
        "alphabetic_share": "\n".join(str(n) for n in range(300)),
        "symbol_share": "{}[]();:,.+-*/=<>!&|^~%@#$" * 20,
        "n_chars": "x = 1",
    }
    found = filter_by_statistics([*good, *bad.values()])
    assert found.kept == tuple(range(len(good)))
    for place, name in enumerate(bad, start=len(good)):
        assert name in found.removed[place]
    with pytest.raises(ValueError, match="limits must name some of"):
        filter_by_statistics(good, {"lenght": (0, 1)})
    with pytest.raises(ValueError, match="limits of n_chars must rise"):
        filter_by_statistics(good, {"n_chars": (10, 1)})
    assert set(CODE_LIMITS) <= set(document_statistics("").__dataclass_fields__)


def test_filters_in_a_row_keep_the_first_places():
    documents = ["x = 1", source("json")[:3000], source("email")[:3000], source("json")[:3000]]
    found = filter_by_statistics(documents).then(deduplicate, documents)
    assert isinstance(found, Filtered)
    assert found.kept == (1, 2)
    assert set(found.removed) == {0, 3}


# --- perplexity -----------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [1, 2, 3, 5, 7])
def test_probabilities_sum_to_one(order):
    """After a history that was counted, one that was not, and none at all."""
    model = NgramModel(order).fit([source("json")])
    for history in ("import re", "\x00\x01qzqzq", ""):
        last = [model.probabilities(history + chr(code))[len(history)] for code in range(128)]
        # The other 128 bytes stand in no ASCII text: all alike, so one of them tells.
        rest = model.probabilities(history + "é")[len(history)]
        seen_rest = 1 - sum(last)
        assert 0 < rest < 0.01
        assert seen_rest == pytest.approx(128 * rest, rel=0.5 if "é" in source("json") else 1e-6)


def test_witten_bell_by_hand():
    """ "ab" then "ac": after a two kinds in two bytes; a is 2 of 4, with 3 kinds."""
    model = NgramModel(2).fit(["ab", "ac"])
    first = (2 + 3 / 256) / (4 + 3)  # the order below: n = 2 of 4 bytes, 3 kinds
    a = (2 + 1 * first) / (2 + 1)  # at the start: always a, one kind
    b_below = (1 + 3 / 256) / (4 + 3)
    b = (1 + 2 * b_below) / (2 + 2)
    assert model.probabilities("ab") == pytest.approx([a, b], rel=1e-12)
    assert model.nats_per_byte("ab") == pytest.approx(-np.log([a, b]).mean())


def test_longer_histories_help_until_the_text_is_too_short():
    train, test = source("asyncio"), source("email")[:20_000]
    losses = [NgramModel(order).fit([train]).nats_per_byte(test) for order in (1, 2, 3, 7)]
    assert losses[0] > losses[1] > losses[2]
    assert losses[3] > min(losses)  # histories so long that hardly any was seen before
    assert np.log(256) > losses[0] > 3
    own = NgramModel(7).fit([train]).nats_per_byte(train[:20_000])
    assert own < 1 < losses[3]  # what it has counted looks easy


def test_the_perplexity_filter_finds_noise_without_labels():
    """K127: documents half of whose bytes are random are the strangest."""
    model = NgramModel().fit([source("asyncio"), source("unittest")])
    good = pieces("email", most=30)
    luck = np.random.default_rng(0)
    bad = [noisy(text, 0.5, luck) for text in good[:10]]
    found = filter_by_perplexity([*good, *bad], model, highest=0.75)
    assert set(found.removed) == set(range(30, 40))
    assert all("above" in why for why in found.removed.values())
    middle = filter_by_perplexity(good, model, lowest=0.25, highest=0.75)
    assert len(middle.kept) == pytest.approx(15, abs=1)
    assert filter_by_perplexity(["", *good], model).removed[0] == "empty"
    with pytest.raises(ValueError, match="highest must be above lowest"):
        filter_by_perplexity(good, model, lowest=0.8, highest=0.2)


@pytest.mark.parametrize("order", [0, 8, 2.5, "5"])
def test_a_wrong_order_is_refused(order):
    with pytest.raises(ValueError, match="order"):
        NgramModel(order)


def test_nothing_is_refused():
    with pytest.raises(ValueError, match="call fit"):
        NgramModel().probabilities("x")
    with pytest.raises(ValueError, match="must hold some text"):
        NgramModel().fit([""])
    with pytest.raises(ValueError, match="must not be empty"):
        NgramModel().fit(["x"]).nats_per_byte("")


@settings(max_examples=30)
@given(st.text(max_size=60))
def test_any_text_has_a_perplexity(text):
    model = NgramModel(3).fit([source("json")])
    if text:
        assert 1 <= model.perplexity(text) < 1e6


# --- what quality is worth, measured by counting --------------------------------------------------


def noisy(text, share, luck):
    """The text with `share` of its characters replaced by random printable ones."""
    codes = np.array([ord(c) if ord(c) < 128 else 32 for c in text])
    other = luck.integers(32, 127, len(codes))
    return "".join(map(chr, np.where(luck.random(len(codes)) < share, other, codes)))


def test_ten_times_as_much_noise_is_not_as_good():
    """K066: noise leaves a floor that more of it does not lower."""
    luck = np.random.default_rng(0)
    text, test = source("asyncio")[:400_000], source("email")[:50_000]

    def loss(document):
        return NgramModel(3).fit([document]).nats_per_byte(test)

    clean = loss(text[:40_000])
    noise = [loss(noisy(text[:size], 0.9, luck)) for size in (40_000, 400_000)]
    assert noise[1] > clean + 1
    # The floor of a mixture of 10 % text and 90 % noise: no model of it does better on the text
    # than one that knows the clean bytes with the tenth of the weight that they have.
    best = NgramModel(3).fit([text])
    p = 0.1 * best.probabilities(test) + 0.9 / 95
    floor = -np.log(p).mean()
    assert noise[0] - noise[1] < 0.5 * (noise[1] - clean)
    assert noise[1] > floor > clean


def test_a_measured_multiplier_is_no_constant():
    """K065: what a byte of foreign text counts for depends on how much there is of it."""
    test = source("email")[100_000:150_000]
    own, foreign = source("email")[:100_000], source("asyncio")
    sizes = np.array([1_000, 3_000, 10_000, 30_000, 100_000])
    losses = [NgramModel(4).fit([own[:size]]).nats_per_byte(test) for size in sizes]
    assert np.all(np.diff(losses) < 0)

    def multiplier(size):
        loss = NgramModel(4).fit([foreign[:size]]).nats_per_byte(test)
        own_bytes = np.exp(np.interp(-loss, -np.array(losses), np.log(sizes)))
        return own_bytes / size

    found = [multiplier(size) for size in (10_000, 50_000, 250_000)]
    assert found[0] > 1.3 * found[1] > 1.3 * 1.3 * found[2]
