"""The text that every machine already has: the Python source of what the course installs.

One file is one document. Files are split into training and held-out text by a hash of their name,
so that the split needs no list, is the same everywhere and cuts no file in two. A fingerprint of
names and contents says which text a run saw: another version of Python or of a package is another
text, and its losses are not comparable to the last digit.
"""

import hashlib
import io
import json
import sysconfig
import tokenize
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import numpy as np

# The library alone is 10 MB; the largest budgets want more. These packages come with the course in
# any case (sympy, mpmath and networkx with torch) and are plain Python on every system.
PACKAGES = ("sympy", "matplotlib", "fontTools", "numpy", "networkx", "mpmath", "IPython", "tornado")
DOMAINS = ("stdlib", *PACKAGES)
# Some systems leave the library's tests out, and lib2to3 is gone from later versions of Python.
SKIPPED = {
    "site-packages",
    "dist-packages",
    "test",
    "tests",
    "idle_test",
    "idlelib",
    "lib2to3",
    "turtledemo",
    "ensurepip",
    "__pycache__",
    "__config__.py",
    "_version.py",
    "version.py",
}  # these differ from build to build
HELD_OUT = 0.08


@dataclass(frozen=True, eq=False)
class Corpus:
    """Documents of one or more domains, as bytes.

    Attributes:
        domains: the names kept.
        documents: for each split ("train", "held_out") a dict of "domain/relative/path.py" ->
            bytes, in the order of the names.
    """

    domains: tuple[str, ...]
    documents: dict[str, dict[str, bytes]]

    def text(self, split):
        """All documents of a split, joined by a zero byte, as an array of uint8."""
        return self._texts[split]

    @cached_property
    def _texts(self):
        return {
            split: np.frombuffer(b"\0".join(files.values()), dtype=np.uint8)
            for split, files in self.documents.items()
        }

    @cached_property
    def fingerprint(self):
        """The first 12 hexadecimal digits of the SHA-256 of all names and contents."""
        digest = hashlib.sha256()
        for split in ("train", "held_out"):
            for name, content in self.documents[split].items():
                digest.update(f"{split}/{name}/{len(content)}\n".encode())
                digest.update(content)
        return digest.hexdigest()[:12]


def load_corpus(domains=DOMAINS):
    """Read the source of the standard library and of packages, split by file.

    Args:
        domains: one name or several of `DOMAINS`.

    Raises:
        ValueError: if a domain is not one of `DOMAINS`, or holds no source on this machine.
    """
    domains = (domains,) if isinstance(domains, str) else tuple(domains)
    unknown = [name for name in domains if name not in DOMAINS]
    if unknown or not domains:
        raise ValueError(f"domains must be among {', '.join(DOMAINS)}, got {unknown or domains}")
    documents = {"train": {}, "held_out": {}}
    for domain in domains:
        files = list(_files(domain))
        if not files:
            raise ValueError(f"domains: no Python source of {domain!r} is installed here")
        for name, path in files:
            # Line ends differ between systems; the text should not.
            content = path.read_bytes().replace(b"\r\n", b"\n")
            documents["held_out" if is_held_out(name) else "train"][name] = content
    return Corpus(domains, documents)


def _files(domain):
    """(name, path) of each source file of a domain, in the order of the names."""
    if domain == "stdlib":
        roots = [Path(sysconfig.get_path("stdlib"))]
    else:
        spec = find_spec(domain)
        roots = [Path(place) for place in spec.submodule_search_locations] if spec else []
    for root in roots:
        relative = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.py"))
        for place in relative:
            if not SKIPPED.intersection(place.split("/")) and "_sysconfigdata" not in place:
                yield f"{domain}/{place}", root / place


def is_held_out(name):
    """True for the 8 % of names whose hash lies in [0.50, 0.58).

    The recipe was tuned on text chosen by [0, 0.08) of another hash; this is fresh.
    """
    place = int(hashlib.sha1(f"fresh:{name}".encode()).hexdigest()[:8], 16) / 16**8
    return 0.50 <= place < 0.50 + HELD_OUT


def split_code_and_words(source):
    """Divide a Python file into its code and its words (comments and bare strings).

    Returns (code, words). A file that does not tokenize is all code.
    """
    try:
        tokens = list(tokenize.tokenize(io.BytesIO(source).readline))
    except (tokenize.TokenError, SyntaxError, UnicodeDecodeError):
        return source, b""
    lines = source.split(b"\n")
    words, in_words = [], np.zeros(len(lines), dtype=bool)
    previous = tokenize.NEWLINE
    for token in tokens:
        starts_line = previous in {
            tokenize.NEWLINE,
            tokenize.INDENT,
            tokenize.DEDENT,
            tokenize.ENCODING,
        }
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and starts_line):
            words.append(token.string.encode())
            # Lines that hold nothing but words leave the code.
            first, last = token.start[0] - 1, token.end[0]
            if not lines[first][: token.start[1]].strip():
                in_words[first:last] = True
        if token.type not in {tokenize.COMMENT, tokenize.NL}:
            previous = token.type
    code = b"\n".join(line for line, skip in zip(lines, in_words, strict=True) if not skip)
    return code, b"\n".join(words)


def describe(corpus):
    """One line of JSON for the table of runs: domains, sizes and fingerprint."""
    return json.dumps(
        {
            "domains": corpus.domains,
            "fingerprint": corpus.fingerprint,
            "train_bytes": corpus.text("train").size,
            "held_out_bytes": corpus.text("held_out").size,
        }
    )
