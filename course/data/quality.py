"""Filters for a corpus: near-duplicates, statistics of a document, perplexity.

Each takes a list of texts and gives a Filtered: which were kept, and why the others were not.
"""

import unicodedata
from dataclasses import dataclass, field

import numpy as np
import regex

from course.units import between, single, whole

N_PERMUTATIONS = 128
SHINGLE = 5  # words
# Words by Unicode's rules, where \w holds combining marks and joiners too, unlike in `re`. Scripts
# that are written without spaces give a word for each character and its marks.
_UNSPACED = "".join(
    rf"\p{{{script}}}"
    for script in ("Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar")
)
WORD = rf"(?V1)[{_UNSPACED}]\p{{M}}*|[\w--[{_UNSPACED}]]+"
_WORDS = regex.compile(WORD)
_LETTERS = regex.compile(r"[\p{L}\p{M}\p{Join_Control}]+")  # a mark belongs to its letter
_LETTERS_AND_DIGITS = regex.compile(r"[\p{L}\p{M}\p{Join_Control}\p{N}]+")


@dataclass(frozen=True)
class Filtered:
    """`kept`: places of the documents that stay. `removed`: {place: why}. Together they are all."""

    kept: tuple
    removed: dict

    def of(self, documents):
        """The documents that were kept, out of the same list."""
        return [documents[place] for place in self.kept]

    def then(self, filter_, documents):
        """This, and `filter_` over what it kept: places still count in the first list."""
        second = filter_(self.of(documents))
        removed = self.removed | {self.kept[place]: why for place, why in second.removed.items()}
        return Filtered(tuple(self.kept[place] for place in second.kept), removed)


def list_of_texts(documents):
    """`documents` as a list. ValueError for one text, or for what is no text in the list."""
    if isinstance(documents, (str, bytes)):
        raise ValueError("documents must be a list of texts, got one text")
    try:
        documents = list(documents)
    except TypeError as error:
        raise ValueError(f"documents must be a list of texts, got {documents!r}") from error
    for place, one in enumerate(documents):
        if not isinstance(one, str):
            raise ValueError(f"documents must be texts, got {type(one).__name__} at {place}")
    return documents


def composed(text):
    """Unicode's normal form C: "é" is one character, however it was typed."""
    return unicodedata.normalize("NFC", text)


def _filtered(reasons):
    kept = tuple(place for place, why in enumerate(reasons) if not why)
    return Filtered(kept, {place: why for place, why in enumerate(reasons) if why})


# --- near-duplicates ------------------------------------------------------------------------------


def shingles(document, length=SHINGLE):
    """The set of all runs of `length` words; a document with fewer words is one shingle.

    Words follow Unicode: a combining mark, as the vowel signs of Hindi, belongs to its word, and
    composed and decomposed letters are the same. Chinese, Japanese, Thai, Lao, Khmer and Burmese
    are written without spaces: there each character with its marks is a word. A document of signs
    alone is a word by itself, so that two of them are alike only if equal.
    """
    length = int(single("length", whole("length", length)))
    document = composed(document)
    words = _WORDS.findall(document) or [document.strip()]
    return {
        " ".join(words[start : start + length]) for start in range(max(1, len(words) - length + 1))
    }


def similarity(first, second):
    """Jaccard: shingles in both over shingles in either, 1 for the same words in the same order."""
    a, b = shingles(first), shingles(second)
    return len(a & b) / len(a | b)


def deduplicate(documents, threshold=0.8):
    """Drop every document that is at least `threshold` similar to an earlier one that was kept.

    Candidates by MinHash and locality-sensitive hashing (datasketch), in time that grows with the
    number of documents and not with that of pairs; each is then compared exactly, so that nothing
    below the threshold is dropped. A pair right on the threshold is found in 98 of 100 cases or
    more, not always: what the hashing misses stays. The same documents give the same answer.
    ValueError for a threshold outside [0.1, 1]. Source: Broder 1997; Lee et al. 2022,
    arXiv:2107.06499, for language models.
    """
    from datasketch import MinHash, MinHashLSH  # half a second to import

    threshold = between("threshold", threshold, 0.1, 1)
    # Miss as little as possible: a false candidate costs a comparison, a miss cannot be mended. At
    # 0.85 of it, 98 of 100 pairs that lie right on the threshold are found, or more.
    index = MinHashLSH(0.85 * threshold, num_perm=N_PERMUTATIONS, weights=(0.1, 0.9))
    kept_shingles, reasons = {}, []
    for place, document in enumerate(list_of_texts(documents)):
        own = shingles(document)
        sketch = MinHash(num_perm=N_PERMUTATIONS)
        # A lone half of a surrogate pair is no character, and yet a document may hold it.
        sketch.update_batch([shingle.encode("utf-8", "surrogatepass") for shingle in own])
        why = ""
        for other in sorted(index.query(sketch)):
            both = len(own & kept_shingles[other])
            alike = both / (len(own) + len(kept_shingles[other]) - both)
            if alike >= threshold:
                why = f"{alike:.0%} like document {other}"
                break
        if not why:
            index.insert(place, sketch)
            kept_shingles[place] = own
        reasons.append(why)
    return _filtered(reasons)


# --- statistics of a document ---------------------------------------------------------------------


@dataclass(frozen=True)
class DocumentStatistics:
    """What can be counted in a text. All shares in [0, 1], and 0 for an empty text.

    Characters are those of the composed text (NFC). Combining marks count as letters.

    Attributes:
        n_chars: number of characters.
        n_lines: number of non-empty lines.
        alphabetic_share: letters among the characters that are no white space.
        symbol_share: those among them that are neither letter nor digit.
        repeated_line_share: non-empty lines that stood before, among all non-empty ones.
        comment_share: non-empty lines that begin with #.
    """

    n_chars: int
    n_lines: int
    alphabetic_share: float
    symbol_share: float
    repeated_line_share: float
    comment_share: float


def document_statistics(document):
    """The DocumentStatistics of a text."""
    document = composed(document)
    solid = "".join(document.split())
    lines = [line.strip() for line in document.splitlines() if line.strip()]
    letters = sum(map(len, _LETTERS.findall(solid)))
    symbols = len(solid) - sum(map(len, _LETTERS_AND_DIGITS.findall(solid)))
    return DocumentStatistics(
        n_chars=len(document),
        n_lines=len(lines),
        alphabetic_share=letters / max(1, len(solid)),
        symbol_share=symbols / max(1, len(solid)),
        repeated_line_share=1 - len(set(lines)) / max(1, len(lines)) if lines else 0.0,
        comment_share=sum(line.startswith("#") for line in lines) / max(1, len(lines)),
    )


# Lowest and highest value that passes, for source code. The kind of rule is that of Rae et al. 2021
# (arXiv:2112.11446, A.1.1) and of the public code corpora; the numbers are ours, for this corpus.
CODE_LIMITS = {
    "n_chars": (200, 1_000_000),
    "alphabetic_share": (0.40, 1.0),
    "symbol_share": (0.0, 0.45),
    "repeated_line_share": (0.0, 0.60),
}


def filter_by_statistics(documents, limits=CODE_LIMITS):
    """Keep documents whose statistics lie within `limits`, {statistic: (lowest, highest)}.

    ValueError for a statistic that DocumentStatistics has not, or limits in the wrong order.
    """
    for name, ends in limits.items():
        if name not in DocumentStatistics.__dataclass_fields__:
            raise ValueError(
                f"limits must name some of {list(DocumentStatistics.__dataclass_fields__)}, "
                f"got {name!r}"
            )
        found = np.asarray(ends)  # an end may be infinite: no limit on that side
        if found.shape != (2,) or found.dtype.kind not in "iuf" or not found[0] <= found[1]:
            raise ValueError(f"limits of {name} must rise from one number to another, got {ends!r}")
    reasons = []
    for document in list_of_texts(documents):
        found = document_statistics(document)
        outside = [
            f"{name} {getattr(found, name):.3g} is outside {low:g} to {high:g}"
            for name, (low, high) in limits.items()
            if not low <= getattr(found, name) <= high
        ]
        reasons.append("; ".join(outside))
    return _filtered(reasons)


# --- perplexity -----------------------------------------------------------------------------------


@dataclass
class NgramModel:
    """A language model of bytes: P(byte | the `order` - 1 before it), Witten-Bell smoothed.

    P_k(c | h) = (n(h c) + t(h) P_(k-1)(c | h')) / (n(h) + t(h)): n counts, t(h) is the number of
    different bytes seen after h, h' is h without its first byte, and P_0 is 1/256. The
    probabilities of the 256 bytes sum to one after any history. `order` 1 to 7.
    Source: Witten and Bell 1991.
    """

    order: int = 5
    _tables: list = field(default_factory=list, repr=False)

    def __post_init__(self):
        # Eight bytes would not fit a signed 64-bit key.
        if type(self.order) is not int or not 1 <= self.order <= 7:
            raise ValueError(f"order must be a whole number from 1 to 7, got {self.order!r}")

    def fit(self, documents):
        """Count all n-grams of the documents; returns self. ValueError for no text at all."""
        windows = [self._windows(one) for one in list_of_texts(documents) if one]
        if not windows:
            raise ValueError("documents must hold some text, got none")
        keys = np.concatenate(windows)
        self._tables = []
        for k in range(1, self.order + 1):
            grams, counts = np.unique(keys & ((1 << 8 * k) - 1), return_counts=True)
            histories, first = np.unique(grams >> 8, return_index=True)
            totals = np.add.reduceat(counts, first)
            kinds = np.diff(np.append(first, len(grams)))
            self._tables.append((grams, counts, histories, totals, kinds))
        return self

    def probabilities(self, document):
        """P of each byte of a text given those before it, shape (bytes,)."""
        if not self._tables:
            raise ValueError("the model has counted nothing yet: call fit(documents) first")
        return self._probabilities(self._windows(document))

    def nats_per_byte(self, document):
        """The mean of -ln P over the bytes of a text: the loss of a byte-level model."""
        if not document:
            raise ValueError("document must not be empty")
        return float(-np.log(self.probabilities(document)).mean())

    def perplexity(self, document):
        """e^(nats per byte): so many equally likely bytes would be as hard, up to about 256."""
        return float(np.exp(self.nats_per_byte(document)))

    def _windows(self, document):
        """For each byte a number: the `order` bytes that end in it, 0 before the text."""
        data = composed(document).encode("utf-8", "surrogatepass")
        text = np.frombuffer(data, np.uint8).astype(np.int64)
        padded = np.concatenate([np.zeros(self.order - 1, np.int64), text])
        keys = np.zeros(len(text), np.int64)
        for start in range(self.order):
            keys = (keys << 8) | padded[start : start + len(text)]
        return keys

    def _probabilities(self, keys):
        p = np.full(len(keys), 1 / 256)
        for k, (grams, counts, histories, totals, kinds) in enumerate(self._tables, 1):
            # Each n-gram once and in order: looking up sorted keys is several times as fast.
            gram, place = np.unique(keys & ((1 << 8 * k) - 1), return_inverse=True)
            t = _looked_up(histories, kinds, gram >> 8)
            total = _looked_up(histories, totals, gram >> 8) + t
            seen, weight = np.maximum(total, 1), np.where(total > 0, t, 1)
            p = (_looked_up(grams, counts, gram) / seen)[place] + (weight / seen)[place] * p
        return p


def _looked_up(keys, values, wanted):
    """values of the sorted `keys` that equal `wanted`, 0 for those not among them."""
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, values[place], 0)


def filter_by_perplexity(documents, model, lowest=0.0, highest=0.75):
    """Keep documents between two quantiles of perplexity under `model`, [0, 1] each.

    The highest are what the model finds strange, the lowest often boilerplate. Fit the model on
    reference text that is not among the documents: what it has counted looks easy to it.
    Muennighoff et al. 2023 (arXiv:2305.16264) compare the lowest 25 %, 50 % and the middle half.
    """
    lowest, highest = between("lowest", lowest, 0, 1), between("highest", highest, 0, 1)
    if not lowest < highest:
        raise ValueError(f"highest must be above lowest = {lowest:g}, got {highest:g}")
    found = np.array([model.perplexity(one) if one else np.inf for one in list_of_texts(documents)])
    if not np.isfinite(found).any():
        raise ValueError("documents must hold some text, got none")
    low, high = np.quantile(found[np.isfinite(found)], [lowest, highest])
    return _filtered([_strangeness(value, low, high) for value in found])


def _strangeness(value, low, high):
    if value == np.inf:
        return "empty"
    if value > high:
        return f"perplexity {value:.3g} is above {high:.3g}"
    return f"perplexity {value:.3g} is below {low:.3g}" if value < low else ""
