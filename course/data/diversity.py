"""Which domains a corpus consists of, how even it is, and what it takes to mix it otherwise.

Shares are fractions of the text, measured in characters. A §4.2 calls the most even mix the best;
here `recommend` wants a target, and says how often each domain is then repeated.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import regex

from course.data.quality import WORD, composed, list_of_texts
from course.data.scaling import MUENNIGHOFF_2023
from course.display import count, table
from course.units import between, positive

FEATURES = 2**13  # hashed words: the classifier stays as small however large the corpus is
WORD_OR_SIGN = regex.compile(WORD + r"|[^\w\s]")


def shares(amounts):
    """Amounts per domain, a mapping or a sequence, as an array of fractions that sum to 1.

    Raises ValueError for no domains, for amounts that are negative or not finite, and where all of
    them are 0: then there are no shares.
    """
    if isinstance(amounts, Mapping):
        amounts = list(amounts.values())
    amounts = between("amounts", amounts, 0, math.inf)
    if np.ndim(amounts) != 1:
        raise ValueError(f"amounts must have one dimension, got shape {np.shape(amounts)}")
    if amounts.max() == 0:
        raise ValueError("amounts must not all be 0: an empty corpus has no shares")
    amounts = amounts / amounts.max()  # so that the sum of very large ones stays finite
    return amounts / amounts.sum()


def entropy(amounts):
    """H = -sum p ln p in nats; a share of 0 adds 0, and one domain alone has 0."""
    p = shares(amounts)
    p = p[p > 0]
    return max(0.0, float(-(p * np.log(p)).sum()))


def evenness(amounts):
    """H / ln S, S the number of domains listed: 1 when all are equal, 0 when only one has text.

    A listed domain without text counts in S. One domain listed gives 0, the limit of two when one
    of them vanishes. Source: Pielou 1966, with absent domains counted.
    """
    h, n_domains = entropy(amounts), len(amounts)
    return 0.0 if n_domains == 1 else min(1.0, h / math.log(n_domains))


def effective_number(amounts, order=1.0):
    """The Hill number: so many equally large domains would be as diverse.

    (sum p^q)^(1 / (1 - q)) for q = `order`: the domains present at 0, e^H at 1, 1 / sum p^2 at 2.
    From 1 to the number of domains. Unlike evenness, it doubles when two corpora that are alike
    and share no domain are put together. Source: Hill 1973.
    """
    q = between("order", order, 0, 100)
    p = shares(amounts)
    p = p[p > 0]
    if abs(q - 1) < 1e-6:  # the formula is 0 / 0 at 1
        return math.exp(entropy(amounts))
    largest = p.max()  # taken out of the sum, which could else underflow at a high order
    # In logarithms: near order 1 the two factors overflow and vanish, and only their sum is small.
    log_sum = q * math.log(largest) + math.log(((p / largest) ** q).sum())
    return math.exp(log_sum / (1 - q))


@dataclass(frozen=True)
class DomainCoverage:
    """What a corpus consists of.

    Attributes:
        distribution: {domain: share of the text}; the shares sum to 1.
        n_documents, n_chars: of the corpus.
        diversity_index: the evenness, in [0, 1].
        entropy: in nats.
        effective_domains: the Hill number of order 1.
        accuracy: of the classifier on documents it had not seen; None where labels were given.
    """

    distribution: dict
    n_documents: int
    n_chars: int
    diversity_index: float
    entropy: float
    effective_domains: float
    accuracy: float | None = None

    def _repr_html_(self):
        rows = [(name, f"{share:.1%}") for name, share in self.distribution.items()]
        rows += [
            ("evenness", f"{self.diversity_index:.3f}"),
            ("effective number of domains", f"{self.effective_domains:.2f}"),
        ]
        caption = f"{self.n_documents} documents, {count(self.n_chars)} characters"
        return table(caption, ("", "share of the text"), rows)


@dataclass(frozen=True)
class DomainAdvice:
    """One domain of a recommended mixture.

    Attributes:
        domain: its name.
        share: of the corpus as it is.
        weight: its share of what is drawn in training.
        epochs: how often its text is read; None where no training length was given.
        worth: what a token of it is worth on average beside a fresh one by the data-constrained
            law; None where no training length was given.
    """

    domain: str
    share: float
    weight: float
    epochs: float | None = None
    worth: float | None = None


class DataDiversityAnalyzer:
    """The domains of a corpus, from labels or by a classifier that labels trained; A §4.2.

    The classifier: hashed words and signs, weighted by TF-IDF, and logistic regression
    (scikit-learn). It knows only the domains that it was shown.
    """

    def __init__(self, law=MUENNIGHOFF_2023):
        self.law = law
        self.accuracy = None
        self._classifier = None

    def train(self, documents, labels, *, held_out=0.25, seed=0):
        """Learn the domains; returns self. `accuracy` is then that on the `held_out` share.

        ValueError for fewer than two labels, or fewer than four documents of one.
        """
        # scikit-learn takes a second to import, and the formulas above do without it.
        from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import train_test_split
        from sklearn.pipeline import make_pipeline

        documents, labels = _documents(documents), [str(one) for one in labels]
        if len(labels) != len(documents):
            raise ValueError(
                f"labels must be as many as documents, got {len(labels)} for {len(documents)}"
            )
        counts = {name: labels.count(name) for name in set(labels)}
        if len(counts) < 2 or min(counts.values()) < 4:
            raise ValueError(f"labels must name two domains, four documents each, got {counts}")
        classifier = make_pipeline(
            HashingVectorizer(
                preprocessor=str.lower,
                tokenizer=WORD_OR_SIGN.findall,
                token_pattern=None,
                n_features=FEATURES,
                norm=None,
                alternate_sign=False,
            ),
            TfidfTransformer(sublinear_tf=True),
            LogisticRegression(C=10, max_iter=300),
        )
        seen, unseen, seen_labels, unseen_labels = train_test_split(
            documents, labels, test_size=held_out, random_state=seed, stratify=labels
        )
        self.accuracy = float(classifier.fit(seen, seen_labels).score(unseen, unseen_labels))
        self._classifier = classifier.fit(documents, labels)
        return self

    def classify(self, documents):
        """The domain of each document, as a list. ValueError before `train`."""
        if self._classifier is None:
            raise ValueError("documents have no labels, and no classifier was trained: call train")
        return [str(one) for one in self._classifier.predict(_documents(documents))]

    def estimate_domain_fraction(self, documents, domain, labels=None):
        """The share of the text, by characters, that belongs to `domain`; 0 where none does."""
        coverage = self.analyze_domain_coverage(documents, labels)
        known = set(coverage.distribution)
        if domain not in known:
            raise ValueError(f"domain must be one of {sorted(known)}, got {domain!r}")
        return coverage.distribution[domain]

    def analyze_domain_coverage(self, documents, labels=None):
        """The DomainCoverage of documents (texts), by `labels` or by the trained classifier.

        With the classifier, every domain that it knows is listed, if with a share of 0.
        """
        documents = _documents(documents)
        found = self.classify(documents) if labels is None else [str(one) for one in labels]
        if len(found) != len(documents):
            raise ValueError(
                f"labels must be as many as documents, got {len(found)} for {len(documents)}"
            )
        known = found if labels is not None else self._classifier.classes_
        amounts = {str(name): 0 for name in sorted(set(known))}
        for name, document in zip(found, documents, strict=True):
            amounts[name] += len(document)
        p = shares(amounts)
        return DomainCoverage(
            distribution=dict(zip(amounts, map(float, p), strict=True)),
            n_documents=len(documents),
            n_chars=sum(amounts.values()),
            diversity_index=self.calculate_diversity_index(amounts),
            entropy=entropy(amounts),
            effective_domains=effective_number(amounts),
            accuracy=self.accuracy if labels is None else None,
        )

    def calculate_diversity_index(self, distribution):
        """`evenness` of {domain: amount}: the normalised entropy, in [0, 1], with no exceptions."""
        return evenness(distribution)

    def recommend(self, distribution, target, *, n_tokens=None):
        """{domain: DomainAdvice} whose weights sum to one and are those of `target`.

        `distribution` and `target`: {domain: amount}, or "even" as the target. With `n_tokens`, the
        length of training, the amounts of `distribution` are unique tokens, and the advice says how
        often each domain is read for it: raising a share means repeating a text or finding more.
        Whether a target is good, only training tells. ValueError for a target with a domain that
        the corpus has no text of, or without one that it lists.
        """
        present = dict(zip(distribution, shares(distribution), strict=True))
        if target == "even":
            target = dict.fromkeys(distribution, 1.0)
        if not isinstance(target, Mapping) or set(target) != set(present):
            raise ValueError(
                f"target must be 'even' or give a weight to each of {sorted(present)}, "
                f"got {target!r}"
            )
        weights = dict(zip(target, shares(target), strict=True))
        missing = [name for name, share in present.items() if share == 0 and weights[name] > 0]
        if missing:
            raise ValueError(f"target asks for domains without any text: {missing}")
        drawn = None if n_tokens is None else positive("n_tokens", n_tokens)
        return {name: self._advice(name, present, weights, distribution, drawn) for name in present}

    def _advice(self, name, present, weights, distribution, drawn):
        share, weight = float(present[name]), float(weights[name])
        if drawn is None:
            return DomainAdvice(name, share, weight)
        unique = float(distribution[name])
        epochs = weight * drawn / unique if unique else 0.0
        worth = self.law.share_of_fresh(max(epochs, 1.0))  # within one epoch all are fresh
        return DomainAdvice(name, share, weight, epochs, worth)


def _documents(documents):
    documents = list_of_texts(documents)
    if not documents:
        raise ValueError("documents must not be empty, got a list of none")
    # scikit-learn cannot hash half a surrogate pair: it becomes a question mark.
    return [composed(text).encode("utf-8", "replace").decode("utf-8") for text in documents]
