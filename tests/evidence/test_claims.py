"""The ledger is whole: every claim has its place, its chapter and something that shows it."""

import ast
import functools
import re
from collections import Counter
from pathlib import Path

import pytest

from course.evidence import (
    VERDICTS,
    chapters,
    claim,
    claims,
    document_titles,
    registry,
    sections,
)

ROOT = Path(__file__).resolve().parents[2]
LEDGER = claims()
# A ratchet: the number of claims that nothing shows yet. When it falls, it is lowered here.
OWED = 33
# Claims that a chapter other than the owner of their section can show, because it measures it.
MOVED = {"K122": 10, "K123": 10}


def test_262_claims_in_order():
    assert [c.id for c in LEDGER] == [f"K{n:03}" for n in range(1, 263)]


def test_verdicts_are_counted_as_the_documents_were_judged():
    expected = {"wrong": 83, "imprecise": 64, "unsupported": 40, "right": 37}
    expected |= {"code defect": 31, "outdated": 7}
    assert Counter(c.verdict for c in LEDGER) == expected
    assert set(expected) == set(VERDICTS)


def test_a_claim_has_one_chapter_which_owns_its_place():
    owners = {s.place: s.chapter for s in sections()}
    for c in LEDGER:
        # What is about a whole document belongs to the first chapter.
        allowed = {owners.get(place, 0) for place in c.places}
        if c.id in MOVED:
            assert MOVED[c.id] not in allowed, f"{c.id} is no longer moved"
            allowed = {MOVED[c.id]}
        assert c.chapter in allowed, c.id


def test_a_claim_is_told_in_plain_sentences():
    for c in LEDGER:
        for text in (c.claim, c.correction):
            assert len(text) >= 6, c.id
            assert text == text.strip(), c.id
            assert text.endswith((".", ".”")), c.id
            assert text.count("“") == text.count("”"), c.id
            assert text.count("`") % 2 == 0, c.id
            # No machine noise, no numbering of the source files, no sign that starts mathematics.
            noise = r'\(memory\)|\(S \)|(?<![\d,.])00[0-4]\b|\$|"|TODO'
            assert not re.search(noise, text), c.id


@functools.cache
def functions(path):
    source = path.read_text(encoding="utf-8")
    nodes = ast.walk(ast.parse(source))
    return {
        node.name: ast.get_source_segment(source, node)
        for node in nodes
        if isinstance(node, ast.FunctionDef)
    }


def shows(c, root=ROOT):
    """True if what `shown_by` names exists and speaks of the claim; "owed" and "words" pass."""
    if re.fullmatch(r"owed|words(: .+)?", c.shown_by):
        return True
    if match := re.fullmatch(r"(tests/[\w/]+\.py)::(test_\w+)", c.shown_by):
        path = root / match[1]
        return path.exists() and c.id in functions(path).get(match[2], "")
    if re.fullmatch(r"notebooks/text/\d\d_\w+\.py", c.shown_by):
        path = root / c.shown_by
        card = rf'\b(claim|cards)\([^)]*"{c.id}"'
        return path.exists() and bool(re.search(card, path.read_text(encoding="utf-8")))
    return False


def test_what_shows_a_claim_exists_and_names_it():
    assert [f"{c.id}: {c.shown_by}" for c in LEDGER if not shows(c)] == []


def test_a_broken_reference_is_noticed(tmp_path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_x.py").write_text('def test_it():\n    """K001."""\n', encoding="utf-8")
    (tmp_path / "notebooks/text").mkdir(parents=True)
    text = 'claim("K001")\ncards("K003", "K004")\n# K005\n'
    (tmp_path / "notebooks/text/01_x.py").write_text(text, encoding="utf-8")

    def shown(id, shown_by):
        fields = {**claim("K001").__dict__, "id": id, "shown_by": shown_by}
        return shows(registry.Claim(**fields), tmp_path)

    assert shown("K001", "tests/test_x.py::test_it")
    assert shown("K001", "notebooks/text/01_x.py")
    assert not shown("K002", "tests/test_x.py::test_it")
    assert not shown("K001", "tests/test_x.py::test_other")
    assert not shown("K001", "tests/test_y.py::test_it")
    assert shown("K004", "notebooks/text/01_x.py")
    assert not shown("K002", "notebooks/text/01_x.py")
    assert not shown("K005", "notebooks/text/01_x.py")
    assert not shown("K001", "a notebook cell")
    assert not shown("K001", "")


def test_the_number_of_claims_that_nothing_shows():
    owed = [c.id for c in LEDGER if c.shown_by == "owed"]
    assert len(owed) == OWED, f"now {len(owed)}: write that number into this test if it fell"


def test_who_mends_code_shows_it():
    """A defect of code can be run: words are no answer to it, unless its file is not here."""
    by_words = [c.id for c in LEDGER if c.verdict == "code defect" and c.shown_by == "words"]
    assert by_words == []


# --- asking the ledger ----------------------------------------------------------------------------


def test_filters_narrow_and_combine():
    assert {c.id for c in claims(place="A §1.2")} >= {"K013", "K024", "K025"}  # with its chart
    assert [c.id for c in claims(place="A' §8")] == ["K115"]
    assert "K251" in {c.id for c in claims(place="D §7.3")}  # it stands in D §7.3.2
    assert all(c.chapter == 3 for c in claims(chapter=3))
    wrong = claims(chapter=1, place="B §4.3", verdict="wrong")
    assert [c.id for c in wrong] == ["K139", "K140", "K142", "K143"]
    assert sum(len(claims(chapter=c.number)) for c in chapters()) == 262


def test_a_claim_about_several_places_is_found_at_each():
    for place in ("B §3.2 Step 5", "B §9 Q2", "B §9 Q4", "B §9 Q5"):
        assert claim("K130") in claims(place=place)


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ({"chapter": 14}, "there is no chapter 14"),
        ({"chapter": "1"}, "there is no chapter '1'"),
        ({"place": "A §9.9"}, "there is no place 'A §9.9'"),
        ({"place": "A 1.1"}, "did you mean A §1.1"),
        ({"verdict": "false"}, "there is no verdict 'false'"),
    ],
)
def test_a_question_that_cannot_have_an_answer_is_refused(question, reason):
    with pytest.raises(ValueError, match=re.escape(reason)):
        claims(**question)


@pytest.mark.parametrize("id", ["K000", "K263", "k005", "5", None, ["K005"]])
def test_an_unknown_id_is_refused(id):
    with pytest.raises(ValueError, match="there is no claim"):
        claim(id)


def test_a_card_can_be_read_without_colour():
    cards = {verdict: claims(verdict=verdict)[0]._repr_html_() for verdict in VERDICTS}
    for verdict, card in cards.items():
        assert f"<b>{VERDICTS[verdict]} {verdict}</b>" in card
        assert not re.search(r"style=|class=|color|<script|<div", card)
    assert len(set(VERDICTS.values())) == len(VERDICTS)


def test_a_card_has_everything_and_escapes_it():
    card = claim("K064")._repr_html_()
    for part in ("K064", "A §3.2", "✓ right", "Memory bandwidth", "E · (1 - (1 - k / E)^B)"):
        assert part in card
    assert "&lt;EOS&gt;" in claim("K236")._repr_html_()
    assert "<code>growth_rate</code>" in claim("K073")._repr_html_()
    assert str(claim("K064")).count("\n") == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"verdict": "false"}, "no verdict"),
        ({"place": "A §9.9"}, "no section 'A §9.9'"),
        ({"place": "E §1.1"}, "no section 'E §1.1'"),
        ({"remark": "x"}, "unknown \\['remark'\\]"),
    ],
)
def test_a_bad_entry_is_refused_by_id(change, reason):
    with pytest.raises(ValueError, match=rf"claims\.toml, K001: .*{reason}"):
        registry._checked_claim({**claim("K001").__dict__, **change})


def test_every_document_has_its_title():
    assert list(document_titles()) == ["A", "A'", "B", "C", "D"]
    assert document_titles()["C"] == "AI 大模型 Scaling Law 原理与应用"
