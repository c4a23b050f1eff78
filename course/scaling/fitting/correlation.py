"""Do the errors of runs belong together? A permutation test, and the groups that it looks at."""

import warnings
from functools import lru_cache

import numpy as np

SAME_BUDGET = 1.1  # budgets nearer than this factor are one: steps and batches round
ALARM = 0.01  # the false-alarm rate of one grouping
PERMUTATIONS = 999


class CorrelatedResiduals(UserWarning):
    """The errors of runs of one size, one run or one budget are more alike than chance allows."""


def budget_rows(flops):
    """The rows of each budget, cheapest first: a budget within 10 % of the next is the same one."""
    order = np.argsort(flops, kind="stable")
    steps = np.flatnonzero(np.diff(np.log(flops[order])) > np.log(SAME_BUDGET)) + 1
    return np.split(order, steps)


def groupings(n_params, n_tokens, flops):
    """Labels (runs,) by name: rows of one size, of one budget, of one configuration."""
    budget = np.empty(len(flops), dtype=int)
    for label, rows in enumerate(budget_rows(flops)):
        budget[rows] = label
    pairs = np.stack([n_params, n_tokens])
    configuration = np.unique(pairs, axis=1, return_inverse=True)[1].ravel()
    return {"size": n_params, "budget": budget, "configuration": configuration}


def correlation_p_value(residuals, labels, n_permutations=PERMUTATIONS, seed=0):
    """The share of shuffled tables whose residuals are as alike within the groups as these are.

    The statistic is that of an analysis of variance on ranks: the variance between the groups.
    Where errors are exchangeable the p-value is uniform or, by what the fit has absorbed, larger.
    Outliers and heavy tails do not matter. NaN where no group has two rows, or fewer than three
    groups are left. Shapes: residuals and labels (runs,).
    """
    _, groups, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    if sizes.max() < 2 or len(sizes) < 3:
        return np.nan
    ranks = np.argsort(np.argsort(residuals, kind="stable")) - (len(residuals) - 1) / 2
    shuffles = _shuffles(len(ranks), n_permutations, seed)
    indicator = (groups.ravel()[:, None] == np.arange(len(sizes))) / np.sqrt(sizes)
    shuffled = ((ranks[shuffles] @ indicator) ** 2).sum(1)
    ours = ((ranks @ indicator) ** 2).sum()
    return (1 + (shuffled >= ours * (1 - 1e-12)).sum()) / (1 + n_permutations)


@lru_cache(maxsize=8)
def _shuffles(n, n_permutations, seed):
    rng = np.random.default_rng(seed)
    return rng.permuted(np.tile(np.arange(n), (n_permutations, 1)), axis=1)


def correlated_groupings(fit, clusters=None, **labels):
    """{name: p-value} of the groupings of a fit within which its residuals are correlated.

    `clusters` (runs,) are those that a resample draws whole: what lies within them is allowed for.
    `labels` are further groupings by name. Alarms for a grouping at p <= 0.01.
    """
    if fit.row_residuals is None:
        return {}
    known = np.isfinite(fit.row_residuals)
    found = {}
    for name, groups in (fit.groupings | labels).items():
        if clusters is not None and _nested(groups, clusters):
            continue
        p_value = correlation_p_value(fit.row_residuals[known], np.asarray(groups)[known])
        if p_value <= ALARM:
            found[name] = p_value
    return found


def warn_of_correlation(fit, clusters=None, **labels):
    """CorrelatedResiduals, naming the resampling that copes, where the check alarms."""
    found = correlated_groupings(fit, clusters, **labels)
    if not found:
        return
    name = next(iter(found))
    others = f" (and within a {' and a '.join(list(found)[1:])})" if len(found) > 1 else ""
    warnings.warn(
        f"residuals are more alike within a {name}{others} than chance allows (permutation test, "
        f"p = {found[name]:.3f}): runs of one {name} share an error, or the formula misses them "
        f"all. Intervals from runs drawn on their own are then too narrow; "
        f'bootstrap(fit, run="{name}") draws each {name} whole',
        CorrelatedResiduals,
        stacklevel=4,
    )


def _nested(groups, clusters):
    """Whether each group lies within a cluster."""
    pairs = np.unique(np.stack([_codes(groups), _codes(clusters)]), axis=1)
    return pairs.shape[1] == len(np.unique(pairs[0]))


def _codes(labels):
    return np.unique(labels, return_inverse=True)[1].ravel()
