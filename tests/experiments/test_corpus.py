"""The corpus is the same everywhere it should be, and says so where it is not."""

import numpy as np
import pytest

from course.experiments import corpus as corpora
from course.experiments.corpus import is_held_out, load_corpus, split_code_and_words


@pytest.fixture(scope="module")
def mpmath():
    return load_corpus("mpmath")


def test_every_domain_is_installed_with_the_course():
    for domain in corpora.DOMAINS:
        assert next(corpora._files(domain)), domain


def test_files_are_whole_and_on_one_side(mpmath):
    train, held_out = mpmath.documents["train"], mpmath.documents["held_out"]
    assert not train.keys() & held_out.keys()
    assert all(is_held_out(name) for name in held_out)
    assert not any(is_held_out(name) for name in train)
    assert all(name.startswith("mpmath/") and "/tests/" not in name for name in train)
    text = mpmath.text("train")
    assert text.dtype == np.uint8
    assert text.size == sum(map(len, train.values())) + len(train) - 1
    assert bytes(text).split(b"\0") == list(train.values())


def test_about_eight_percent_of_names_are_held_out():
    share = np.mean([is_held_out(f"package/module_{i}.py") for i in range(20_000)])
    assert share == pytest.approx(corpora.HELD_OUT, abs=0.006)


def test_the_fingerprint_follows_names_contents_and_split(mpmath):
    train, held_out = mpmath.documents["train"], mpmath.documents["held_out"]
    assert load_corpus("mpmath").fingerprint == mpmath.fingerprint
    name, content = next(iter(train.items()))
    others = [
        {"train": {**train, name: content + b" "}, "held_out": held_out},
        {"train": {**train, name + "x": b""}, "held_out": held_out},
        {"train": held_out, "held_out": train},
    ]
    prints = {corpora.Corpus(("mpmath",), documents).fingerprint for documents in others}
    assert len(prints | {mpmath.fingerprint}) == 4


def test_line_ends_do_not_matter(tmp_path, monkeypatch):
    def made_of(content):
        (tmp_path / "a.py").write_bytes(content)
        monkeypatch.setattr(corpora, "_files", lambda _: [("stdlib/a.py", tmp_path / "a.py")])
        return load_corpus("stdlib").fingerprint

    assert made_of(b"x = 1\r\ny = 2\r\n") == made_of(b"x = 1\ny = 2\n")


@pytest.mark.parametrize("domains", ["pandas", (), ("stdlib", "nothing")])
def test_unknown_domains_are_refused(domains):
    with pytest.raises(ValueError, match="domains must be among stdlib, sympy"):
        load_corpus(domains)


def test_code_and_words_are_told_apart():
    source = (
        b'"""Says what\nit does."""\nx = "kept"  # why\n# alone\n'
        b'def f():\n    "doc"\n    return x\n'
    )
    code, words = split_code_and_words(source)
    assert code == b'x = "kept"  # why\ndef f():\n    return x\n'
    assert words == b'"""Says what\nit does."""\n# why\n# alone\n"doc"'


def test_what_does_not_tokenize_is_all_code():
    assert split_code_and_words(b"def f(:\n  '''") == (b"def f(:\n  '''", b"")


def test_code_and_words_of_real_files_lose_nothing_else(mpmath):
    for source in list(mpmath.documents["train"].values())[:12]:
        code, words = split_code_and_words(source)
        assert 0 < len(code) <= len(source)
        assert all(line in source for line in code.split(b"\n")[:50])
        assert words.count(b"#") <= source.count(b"#")
