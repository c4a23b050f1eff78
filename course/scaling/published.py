"""The sizes and data that Hoffmann et al. print, beside ours at the same budget, row by row."""

from dataclasses import dataclass
from math import log

from course.accounting.training import FLOP_PER_PARAM_TOKEN, training_flops
from course.display import table
from course.evidence import fact
from course.scaling.laws import extrapolating
from course.scaling.presets import (
    HOFFMANN_2022,
    HOFFMANN_2022_APPROACH_1,
    HOFFMANN_2022_APPROACH_2,
    HOFFMANN_2022_UNROUNDED,
    KAPLAN_2020,
)
from course.units import format_count

_MISPRINT = 0.5  # a budget that is further than this from 6 N D is taken for a misprint
_ROUNDED = 0.02  # one that is further than this shows how coarsely the table is rounded


@dataclass(frozen=True)
class PublishedRow:
    """A printed optimum and ours at the same budget.

    Attributes:
        table: where it is printed.
        law: by which ours is computed.
        n_params, n_tokens: as printed.
        printed_flops: C as printed.
        identity_gap: 6 N D / C - 1 with the printed three.
        flops: the budget at which ours is evaluated: 6 N D where the printed C is a misprint.
        our_n_params, our_n_tokens: the optimum there.
        reason: what explains a difference, in words.
    """

    table: str
    law: str
    n_params: float
    n_tokens: float
    printed_flops: float
    identity_gap: float
    flops: float
    our_n_params: float
    our_n_tokens: float
    reason: str

    @property
    def params_residual(self):
        """Our N over the printed one, less one."""
        return self.our_n_params / self.n_params - 1

    @property
    def tokens_residual(self):
        """Our D over the printed one, less one."""
        return self.our_n_tokens / self.n_tokens - 1


class PublishedTable(tuple):
    """A tuple of PublishedRow that shows itself as a table."""

    __slots__ = ()

    def _repr_html_(self):
        header = (
            "printed in",
            "our law",
            "printed C (FLOP)",
            "6·N·D / C",
            "printed N",
            "our N",
            "N off by",
            "printed D",
            "our D",
            "D off by",
            "why",
        )
        rows = [
            (
                row.table,
                row.law,
                f"{row.printed_flops:.3g}",
                f"{1 + row.identity_gap:.3f}",
                format_count(row.n_params),
                format_count(row.our_n_params),
                f"{row.params_residual:+.1%}",
                format_count(row.n_tokens),
                format_count(row.our_n_tokens),
                f"{row.tokens_residual:+.1%}",
                row.reason,
            )
            for row in self
        ]
        return table("Published against ours, at the printed budget", header, rows)


def published_against_ours():
    """Tables 3 and A3 and appendix D.4 of Hoffmann et al. 2022 beside our allocations.

    Table 3 is Approach 1; A3 holds Approaches 2 and 3, the latter compared with both the rounded
    and the unrounded constants.
    """
    table3, table_a3 = fact("hoffmann.table3").value, fact("hoffmann.tableA3").value
    approach2 = [_renamed(row, "_approach2") for row in table_a3]
    approach3 = [_renamed(row, "_approach3") for row in table_a3]
    fitted_here = "constant: the mean over this table; exponent: two printed digits"
    with extrapolating():
        return PublishedTable(
            [_row("Table 3", HOFFMANN_2022_APPROACH_1, row, fitted_here) for row in table3]
            + [_row("Table A3", HOFFMANN_2022_APPROACH_2, row, fitted_here) for row in approach2]
            + [
                _row(
                    "Table A3",
                    HOFFMANN_2022_UNROUNDED,
                    row,
                    f"sizes in the table grow as C^{_slope(approach3):.4f}, by the TeX source's "
                    f"constants as C^{HOFFMANN_2022_UNROUNDED.a:.4f}: not the same fit",
                )
                for row in approach3
            ]
            + [
                _row(
                    "Table A3",
                    HOFFMANN_2022,
                    row,
                    "exponents rounded to two digits; compare the unrounded row",
                )
                for row in approach3
            ]
            + _appendix_d4()
        )


def _row(name, law, printed, reason):
    flops, n_params, n_tokens = (printed[key] for key in ("flops", "n_params", "n_tokens"))
    spent = training_flops(n_params, n_tokens)
    gap = spent / flops - 1
    if abs(gap) > _MISPRINT:
        reason = f"C is a misprint: 6·N·D = {spent:.3g}, used here; {reason}"
    elif abs(gap) > _ROUNDED:
        reason = f"the printed C and 6·N·D differ by {gap:.1%}; {reason}"
    budget = spent if abs(gap) > _MISPRINT else flops
    ours = law.optimum(budget)
    return PublishedRow(name, law.name, n_params, n_tokens, flops, gap, budget, *ours, reason)


def _appendix_d4():
    """Kaplan's and Approach 1's best size for 1e21 FLOP. D is not printed: C / (6 N) stands in."""
    printed = fact("hoffmann.smallscale").value
    rows = []
    for law, key, reason in (
        (HOFFMANN_2022_APPROACH_1, "n_params_approach1", "constant: the mean over Table 3"),
        (
            KAPLAN_2020,
            "n_params_kaplan",
            "theirs is Kaplan's N at C/2, as for a batch of the critical size, where C_min = C/2",
        ),
    ):
        n_params = printed[key]
        n_tokens = printed["flops"] / (FLOP_PER_PARAM_TOKEN * n_params)
        row = {"flops": printed["flops"], "n_params": n_params, "n_tokens": n_tokens}
        rows.append(_row("Appendix D.4", law, row, reason))
    return rows


def _renamed(row, suffix):
    return {key.removesuffix(suffix): value for key, value in row.items()}


def _slope(rows):
    """d log N / d log C between the first and the last row, which bracket the misprint."""
    first, last = rows[0], rows[-1]
    return log(last["n_params"] / first["n_params"]) / log(last["flops"] / first["flops"])
