"""What decides the points of 10_compression. Never released.

Every answer below stands alone (its imports inside): the tests paste its source into the exercise.
"""

import numpy as np

from course.classroom.judge import Exercise, Property, Wrong


def _normal(seed, *shape, digits=3):
    return np.random.default_rng(seed).normal(size=shape).round(digits).tolist()


# --- 10.1 ----------------------------------------------------------------------------------------


def quantise(weights, bits):
    import numpy as np

    weights = np.array(weights, float)
    scale = np.abs(weights).max() / (2 ** (bits - 1) - 1)
    codes = np.round(weights / scale) if scale > 0 else np.zeros(len(weights))
    error = np.abs(weights - scale * codes).max()
    return {"scale": scale, "codes": codes, "error": error}


def quantise_weight_by_weight(weights, bits):
    scale = max(abs(weight) for weight in weights) / (2 ** (bits - 1) - 1)
    codes = [round(weight / scale) if scale else 0 for weight in weights]
    errors = [abs(code * scale - weight) for code, weight in zip(codes, weights, strict=True)]
    return {"codes": codes, "scale": scale, "error": max(errors)}


def from_lowest_to_highest(weights, bits):
    import numpy as np

    weights = np.array(weights, float)
    scale = (weights.max() - weights.min()) / (2**bits - 1) or 1.0
    codes = np.round((weights - weights.min()) / scale)
    error = np.abs(weights.min() + scale * codes - weights).max()
    return {"scale": scale, "codes": codes, "error": error}


E10_1 = Exercise(
    id="10.1",
    name="quantise",
    title="A weight in eight bits",
    minutes=10,
    difficulty=1,
    reference=quantise,
    own=True,
    properties=(
        Property(
            "0.5, -1.27, 0.3 and 0.012 in 8 bits: a scale of 0.01, codes 50, -127, 30 and 1, an "
            "error of 0.002; four weights in 4 bits; codes that end in .5 go to the even one; "
            "weights that are all 0",
            {"scale": 1, "codes": 1, "error": 1},
            (
                ([0.5, -1.27, 0.3, 0.012], 8),
                ([0.7, -0.33, 0.12, 0.06], 4),
                ([127.0, 0.5, 1.5, 2.5, -0.5, -2.5], 8),
                ([0.0, 0.0, 0.0], 8),
            ),
        ),
        Property(
            "other weights and numbers of bits come out right",
            1,
            (
                (_normal(1, 9), 8),
                (_normal(2, 7), 5),
                ([-3.17, 0.73, 1.93, -2.29], 3),
                ([-15.0, 4.5, 7.5, -0.5, 11.2], 5),
                ([0.4], 2),
                (_normal(28, 5), 12),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"(2 ** (bits - 1) - 1)": "2 ** (bits - 1)"},
            "You divide by 2^(bits − 1). There are codes for 0 and for both signs, so the largest "
            "is one less: 127 in 8 bits.",
        ),
        Wrong(
            {"(2 ** (bits - 1) - 1)": "(2**bits - 1)"},
            "You divide by 2^bits − 1, as if all codes were above 0. Half of them are for the "
            "negative weights.",
        ),
        Wrong(
            {"np.round(weights": "np.trunc(weights"},
            "You cut the decimals off, as `int` and `astype(int)` do. Take the nearest code.",
        ),
        Wrong(
            {"np.round(weights / scale)": "np.floor(weights / scale + 0.5)"},
            "Your halves go up. Where two codes are equally near, the even one is asked for, as "
            "`round` and `np.round` do it.",
        ),
        Wrong(
            {"np.round(weights / scale)": "np.trunc(weights / scale + np.sign(weights) * 0.5)"},
            "Your halves go away from 0. Where two codes are equally near, the even one is asked "
            "for, as `round` and `np.round` do it.",
        ),
        Wrong(
            {"np.abs(weights).max() /": "weights.max() /"},
            "Your scale is that of the largest weight. A negative one may be larger in size: take "
            "the absolute values first.",
        ),
        Wrong(
            {"np.abs(weights).max() /": "(weights.max() - weights.min()) /"},
            "Your scale spreads the codes over highest minus lowest. Here 0 keeps the code 0, so "
            "that the scale is the largest absolute value over the largest code.",
        ),
        Wrong(
            from_lowest_to_highest,
            "You count the codes from the lowest weight. That is quantisation with a zero point. "
            "Here it is symmetric: 0 has the code 0.",
        ),
        Wrong(
            {
                "np.round(weights / scale) if scale > 0 else np.zeros(len(weights))": (
                    "np.round(weights / (scale or np.nan))"
                )
            },
            "Where all weights are 0 you divide by a scale of 0. All codes are 0 there.",
        ),
        Wrong(
            {"scale * codes).max()": "scale * codes).mean()"},
            'Your "error" is the mean. The largest is asked for.',
        ),
        Wrong(
            {"weights - scale * codes": "weights - codes"},
            'Your "error" compares weights with codes. What a code stands for is scale · code.',
        ),
        Wrong(
            {'"codes": codes': '"codes": scale * codes'},
            'Your "codes" are the restored weights. Codes are whole numbers: leave out the scale.',
        ),
    ),
    right=(quantise_weight_by_weight,),
    equivalent={
        "weights - scale * codes → scale * codes - weights": "the size of a difference is the same with either sign",
    },
)

# --- 10.2 ----------------------------------------------------------------------------------------

_ROWS = [
    [0.9, -0.31, 0.12, 0.55, 0.05, -0.07],
    [0.02, 0.013, -0.031, 0.007, 0.019, -0.028],
    [6.1, -2.3, 0.4, 1.9, 3.3, -0.8],
]


def grouped(weights, bits, group):
    import numpy as np

    weights = np.array(weights, float)
    restored, n_groups = np.zeros_like(weights), 0
    for row, made in zip(weights, restored, strict=True):
        for start in range(0, len(row), group):
            part = row[start : start + group]
            scale = np.abs(part).max() / (2 ** (bits - 1) - 1)
            if scale > 0:
                made[start : start + group] = np.round(part / scale) * scale
            n_groups += 1
    error = np.sqrt(np.sum((weights - restored) ** 2) / np.sum(weights**2))
    return {
        "weights": restored,
        "error": error,
        "bytes": (weights.size * bits + 16 * n_groups) / 8,
    }


def grouped_in_arrays(weights, bits, group):
    import numpy as np

    w = np.array(weights, float)
    n_rows, n_columns = w.shape
    n_groups = -(-n_columns // group)
    filled = np.zeros((n_rows, n_groups * group))
    filled[:, :n_columns] = w
    parts = filled.reshape(n_rows, n_groups, group)
    scales = np.abs(parts).max(axis=2, keepdims=True) / (2 ** (bits - 1) - 1)
    codes = np.rint(parts / np.where(scales == 0, 1, scales))
    back = (codes * scales).reshape(n_rows, -1)[:, :n_columns]
    n_bytes = w.size * bits / 8 + 2 * scales.size
    return {
        "bytes": n_bytes,
        "error": np.linalg.norm(w - back) / np.linalg.norm(w),
        "weights": back,
    }


def groups_across_rows(weights, bits, group):
    import numpy as np

    w = np.array(weights, float)
    flat = w.ravel()
    back, n_groups = np.zeros(w.size), 0
    for start in range(0, w.size, group):
        part = flat[start : start + group]
        scale = np.abs(part).max() / (2 ** (bits - 1) - 1) or 1.0
        back[start : start + group] = np.round(part / scale) * scale
        n_groups += 1
    error = np.linalg.norm(flat - back) / np.linalg.norm(flat)
    n_bytes = (w.size * bits + 16 * n_groups) / 8
    return {"weights": back.reshape(w.shape), "error": error, "bytes": n_bytes}


def groups_down_columns(weights, bits, group):
    import numpy as np

    w = np.array(weights, float)
    back, n_groups = np.zeros_like(w), 0
    for column in range(w.shape[1]):
        for start in range(0, w.shape[0], group):
            part = w[start : start + group, column]
            scale = np.abs(part).max() / (2 ** (bits - 1) - 1) or 1.0
            back[start : start + group, column] = np.round(part / scale) * scale
            n_groups += 1
    error = np.linalg.norm(w - back) / np.linalg.norm(w)
    return {"weights": back, "error": error, "bytes": (w.size * bits + 16 * n_groups) / 8}


def one_scale_for_all(weights, bits, group):
    import numpy as np

    w = np.array(weights, float)
    scale = np.abs(w).max() / (2 ** (bits - 1) - 1)
    back = np.round(w / scale) * scale
    error = np.linalg.norm(w - back) / np.linalg.norm(w)
    return {"weights": back, "error": error, "bytes": (w.size * bits + 16) / 8}


def a_scale_for_each_row(weights, bits, group):
    import numpy as np

    w = np.array(weights, float)
    scales = np.abs(w).max(axis=1, keepdims=True) / (2 ** (bits - 1) - 1)
    scales[scales == 0] = 1
    back = np.round(w / scales) * scales
    error = np.linalg.norm(w - back) / np.linalg.norm(w)
    return {"weights": back, "error": error, "bytes": (w.size * bits + 16 * len(w)) / 8}


_TWO, _SIX = (grouped(_ROWS, 4, size)["error"] for size in (2, 6))

E10_2 = Exercise(
    id="10.2",
    name="grouped",
    title="A scale for each group",
    minutes=14,
    difficulty=2,
    reference=grouped,
    own=True,
    units=("bytes",),
    properties=(
        Property(
            f"three rows of six weights in 4 bits: an error of {_TWO:.3f} and 27 bytes in groups of "
            f"two, of {_SIX:.3f} and 15 bytes with a scale for each row; groups of four, the last of "
            "each row shorter; a group of zeros",
            {"weights": 1, "error": 1, "bytes": 1},
            (
                (_ROWS, 4, 2),
                (_ROWS, 4, 6),
                (_ROWS, 4, 4),
                ([[0.0, 0.0, 0.3, -0.11], [0.21, 0.5, 0.0, 0.0]], 8, 2),
            ),
        ),
        Property(
            "other matrices and groups come out right, groups longer than a row too",
            2,
            (
                (_normal(3, 3, 7), 4, 3),
                (_normal(4, 2, 5), 3, 9),
                (_normal(5, 4, 4), 8, 1),
                (_normal(6, 5, 8), 5, 8),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            one_scale_for_all,
            "You have one scale for the whole matrix, and the largest weight of all decides it. "
            "Each group of a row has its own.",
        ),
        Wrong(
            a_scale_for_each_row,
            "You have one scale for each row. A row is cut into groups of `group` weights, and "
            "each group has its own scale.",
        ),
        Wrong(
            groups_across_rows,
            "Your groups run on from one row into the next. A group ends where its row ends; the "
            "last of a row may be shorter.",
        ),
        Wrong(
            groups_down_columns,
            "Your groups run down the columns. They run along the rows.",
        ),
        Wrong(
            {"range(0, len(row), group)": "range(0, len(row) - group + 1, group)"},
            "You leave out the last group of a row where it is shorter than the others.",
        ),
        Wrong(
            {"(2 ** (bits - 1) - 1)": "2 ** (bits - 1)"},
            "You divide by 2^(bits − 1). The largest code is one less: 7 in 4 bits.",
        ),
        Wrong(
            {" + 16 * n_groups": ""},
            'Your "bytes" forget the scales. Each group has one, of 16 bits.',
        ),
        Wrong(
            {"16 * n_groups": "32 * n_groups"},
            "Your scales take 4 bytes. Here they are stored in 16 bits: 2 bytes.",
        ),
        Wrong(
            {"weights.size * bits + 16": "weights.size * 8 + 16"},
            'Your "bytes" give each code a byte. Codes of `bits` bits are packed: two of 4 bits in '
            "a byte.",
        ),
        Wrong(
            {") / 8": ")"},
            'Your "bytes" are bits: divide by 8.',
        ),
        Wrong(
            {
                "np.sqrt(np.sum((weights - restored) ** 2) / np.sum(weights**2))": (
                    "np.sum((weights - restored) ** 2) / np.sum(weights**2)"
                )
            },
            'Your "error" is a ratio of squares. Take the root.',
        ),
        Wrong(
            {"/ np.sum(weights**2))": "/ weights.size)"},
            'Your "error" is in the unit of the weights. It is asked for relative to them: divide '
            "by the sum of their squares.",
        ),
        Wrong(
            {
                "np.sqrt(np.sum((weights - restored) ** 2) / np.sum(weights**2))": (
                    "np.sum(np.abs(weights - restored)) / np.sum(np.abs(weights))"
                )
            },
            'Your "error" adds absolute values. Squares are asked for, and the root of their '
            "ratio.",
        ),
        Wrong(
            {
                "            if scale > 0:\n                made": (
                    "            with np.errstate(invalid='ignore'):\n                made"
                )
            },
            "In a group of zeros you divide by a scale of 0. Its weights stay 0.",
        ),
    ),
    right=(grouped_in_arrays,),
    equivalent={
        "True → False": "there are as many rows restored as given",
        "weights - restored → restored - weights": "the square of a difference is the same with either sign",
    },
)

# --- 10.3 ----------------------------------------------------------------------------------------

_TIES = [[0.5, -0.5, 0.5, 0.1], [0.2, 0.5, -0.5, 0.9]]


def prune(weights, share, group):
    import numpy as np

    weights = np.array(weights, float)
    if group is not None and weights.shape[1] % group:
        raise ValueError("group must divide the length of a row")
    size = group or weights.size
    parts = weights.reshape(weights.size // size, size)
    n_drop = round(share * parts.shape[1])
    order = np.argsort(np.abs(parts), axis=1, kind="stable")
    kept = parts.copy()
    np.put_along_axis(kept, order[:, :n_drop], 0, axis=1)
    lost = 1 - np.sum(kept**2) / np.sum(parts**2)
    return {"weights": kept.reshape(weights.shape), "lost": lost}


def prune_in_loops(weights, share, group):
    n_columns = len(weights[0])
    flat = [weight for row in weights for weight in row]
    size = len(flat) if group is None else group
    if group is not None and n_columns % group != 0:
        raise ValueError
    kept = list(flat)
    for start in range(0, len(flat), size):
        places = sorted(range(start, start + size), key=lambda place: abs(flat[place]))
        for place in places[: round(share * size)]:
            kept[place] = 0
    gone = sum(old**2 for old, new in zip(flat, kept, strict=True) if new != old)
    rows = [kept[at : at + n_columns] for at in range(0, len(flat), n_columns)]
    return {"lost": gone / sum(old**2 for old in flat), "weights": rows}


E10_3 = Exercise(
    id="10.3",
    name="prune",
    title="What may go?",
    minutes=14,
    difficulty=2,
    reference=prune,
    own=True,
    units=("share",),
    properties=(
        Property(
            "half of eight weights, anywhere, then two of each four; a quarter; of equal sizes "
            "the earlier go first; nothing dropped; 29 % of a hundred",
            {"weights": 2, "lost": 1},
            (
                ([[0.9, 0.8, 0.7, -0.6], [0.1, -0.2, 0.3, 0.05]], 0.5, None),
                ([[0.9, 0.8, 0.7, -0.6], [0.1, -0.2, 0.3, 0.05]], 0.5, 4),
                ([[0.9, 0.8, 0.7, -0.6], [0.1, -0.2, 0.3, 0.05]], 0.25, 4),
                (_TIES, 0.5, None),
                (_TIES, 0.5, 4),
                (_TIES, 0.0, 2),
                (_normal(7, 10, 10, digits=2), 0.29, None),
            ),
        ),
        Property(
            "rows of six do not fall into groups of four: ValueError",
            1,
            ((_normal(8, 2, 6), 0.5, 4),),
        ),
        Property(
            "other matrices, shares and groups come out right",
            1,
            (
                (_normal(9, 3, 8), 0.75, 8),
                (_normal(10, 4, 6), 0.35, 3),
                (_normal(27, 2, 8), 0.3, 4),
                (_normal(11, 2, 16), 0.5, 4),
                (_normal(12, 5, 7), 0.6, None),
                ([[1.0, -1.0, 1.0, 1.0], [-1.0, 1.0, 1.0, -1.0]], 0.375, None),
                (np.tile([0.3, -0.3, 0.1], (7, 8)).tolist(), 0.58, 24),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"np.argsort(np.abs(parts)": "np.argsort(parts"},
            "You drop the lowest weights, and so the large negative ones first. Small in size is "
            "what may go: sort by the absolute value.",
        ),
        Wrong(
            {"np.argsort(np.abs(parts)": "np.argsort(-np.abs(parts)"},
            "You drop the largest. They do most of the work: drop the smallest.",
        ),
        Wrong(
            {
                'np.argsort(np.abs(parts), axis=1, kind="stable")': (
                    'np.argsort(np.abs(parts[:, ::-1]), axis=1, kind="stable")\n'
                    "    order = parts.shape[1] - 1 - order"
                )
            },
            "Where several are equal in size you drop the later ones. The earlier are to go.",
        ),
        Wrong(
            {
                '    order = np.argsort(np.abs(parts), axis=1, kind="stable")\n': (
                    "    size = np.sort(np.abs(parts), axis=1)\n"
                    "    limit = size[:, n_drop - 1 : n_drop] if n_drop else -1.0\n"
                ),
                "    np.put_along_axis(kept, order[:, :n_drop], 0, axis=1)\n": (
                    "    kept[np.abs(parts) <= limit] = 0\n"
                ),
            },
            "You drop all that is not above a limit, and so too many where several are equal in "
            "size. Drop just as many as are asked for.",
        ),
        Wrong(
            {
                '    order = np.argsort(np.abs(parts), axis=1, kind="stable")\n': (
                    "    size = np.sort(np.abs(parts), axis=1)\n"
                    "    limit = size[:, min(n_drop, size.shape[1] - 1)][:, None]\n"
                ),
                "    np.put_along_axis(kept, order[:, :n_drop], 0, axis=1)\n": (
                    "    kept[np.abs(parts) < limit] = 0\n"
                ),
            },
            "You drop only what is below a limit, and so too few where several are equal in size. "
            "Drop just as many as are asked for, the earlier first.",
        ),
        Wrong(
            {"group or weights.size": "weights.size"},
            "You drop anywhere in the matrix, whatever `group` says. Within each group of a row "
            "the share is to go.",
        ),
        Wrong(
            {"group or weights.size": "group or weights.shape[1]"},
            "Without groups you drop the share in each row. It is the share of the whole matrix, "
            "wherever the smallest are.",
        ),
        Wrong(
            {"round(share * parts.shape[1])": "int(share * parts.shape[1])"},
            "You cut off where the computer's product falls just short: 0.29 · 100 gives "
            "28.999999999999996 there. Use `round`.",
        ),
        Wrong(
            {"round(share * parts.shape[1])": "round((1 - share) * parts.shape[1])"},
            "You keep the share that is to be dropped.",
        ),
        Wrong(
            {"1 - np.sum(kept**2) / np.sum(parts**2)": "np.sum(kept**2) / np.sum(parts**2)"},
            'Your "lost" is what is left. Take it from 1.',
        ),
        Wrong(
            {"np.sum(kept**2) / np.sum(parts**2)": "np.sum(np.abs(kept)) / np.sum(np.abs(parts))"},
            'Your "lost" adds sizes. It is a share of the sum of the squares.',
        ),
        Wrong(
            {"1 - np.sum(kept**2) / np.sum(parts**2)": "share"},
            'Your "lost" counts weights. The small ones hold less than their share of the squares.',
        ),
        Wrong(
            {
                "    if group is not None and weights.shape[1] % group:\n"
                '        raise ValueError("group must divide the length of a row")\n': ""
            },
            "You take rows that do not fall into whole groups, and let a group run into the next "
            "row. Raise ValueError.",
        ),
    ),
    right=(prune_in_loops,),
    equivalent={
        "np.argsort(np.abs(parts), axis=1, kind='stable') → np.argsort(np.abs(parts), kind='stable')": "the last axis, which numpy takes by itself, is 1 here",
    },
)

# --- 10.4 ----------------------------------------------------------------------------------------


def sparse_bytes(n_rows, n_columns, n_kept, value_bytes):
    dense = n_rows * n_columns * value_bytes
    starts = 4 * (n_rows + 1)
    return {
        "dense": dense,
        "csr": n_kept * (value_bytes + 4) + starts,
        "mask": n_kept * value_bytes - (-n_rows * n_columns // 8),
        "most_kept": max(0, (dense - starts - 1) // (value_bytes + 4)),
    }


def sparse_bytes_by_search(n_rows, n_columns, n_kept, value_bytes):
    from math import ceil

    def csr(kept):
        return kept * value_bytes + 4 * kept + 4 * n_rows + 4

    size = n_rows * n_columns
    fewer, more = 0, size
    while fewer < more:
        middle = (fewer + more + 1) // 2
        if csr(middle) < size * value_bytes:
            fewer = middle
        else:
            more = middle - 1
    return {
        "most_kept": fewer,
        "mask": ceil(size / 8) + n_kept * value_bytes,
        "csr": csr(n_kept),
        "dense": size * value_bytes,
    }


E10_4 = Exercise(
    id="10.4",
    name="sparse_bytes",
    title="Where do the zeros go?",
    minutes=13,
    difficulty=2,
    reference=sparse_bytes,
    own=True,
    units=("bytes",),
    properties=(
        Property(
            "1,000 × 1,000 float32, 100,000 kept: 4,000,000 bytes dense, 804,004 as CSR, 525,000 "
            "with a mask, and CSR is smaller up to 499,499 kept; int8; 3 × 5 weights; one column",
            {"dense": 1, "csr": 1, "mask": 1, "most_kept": 1},
            (
                (1000, 1000, 100_000, 4),
                (1000, 1000, 100_000, 1),
                (3, 5, 4, 2),
                (40, 1, 3, 4),
                (9, 8, 5, 1),
            ),
        ),
        Property(
            "other matrices come out right",
            1,
            ((517, 2053, 318_417, 2), (7, 11, 70, 4), (37, 53, 0, 8), (5, 12, 6, 2), (11, 6, 9, 4)),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"n_kept * (value_bytes + 4) + starts": "n_kept * value_bytes"},
            'Your "csr" stores the values alone, as document A §5.2 does when it counts half the '
            "bytes for half the weights. Nobody could say where they belong.",
        ),
        Wrong(
            {"(value_bytes + 4) + starts": "(value_bytes + 4)"},
            'Your "csr" lacks the starts of the rows: n_rows + 1 numbers of 4 bytes.',
        ),
        Wrong(
            {"(n_rows + 1)": "n_rows"},
            "You have a start for each row. There is one more, the end of the last row.",
        ),
        Wrong(
            {"n_kept * (value_bytes + 4) + starts": "n_kept * (value_bytes + 8)"},
            "You store row and column of each kept weight. CSR has the column of each, and only "
            "the start of each row.",
        ),
        Wrong(
            {"(value_bytes + 4) + starts": "2 * value_bytes + starts"},
            "Your column numbers take as many bytes as a value. They take 4 bytes, whatever the "
            "values take.",
        ),
        Wrong(
            {"(-n_rows * n_columns // 8)": "(-n_kept // 8)"},
            "Your mask has a bit for each kept weight. It has one for every weight: how else "
            "would it say which are not there?",
        ),
        Wrong(
            {"- (-n_rows * n_columns // 8)": "+ n_rows * n_columns // 8"},
            "Your mask loses its last bits. Seven bits need a whole byte: round up.",
        ),
        Wrong(
            {"- (-n_rows * n_columns // 8)": "+ n_rows * n_columns"},
            "Your mask has a byte for each weight. A bit is enough.",
        ),
        Wrong(
            {"(dense - starts - 1) //": "(dense - starts) //"},
            'With your "most_kept" CSR may be just as large as dense. It is to be smaller.',
        ),
        Wrong(
            {"(dense - starts - 1) // (": "(dense - 1) // ("},
            'Your "most_kept" forgets the starts of the rows.',
        ),
        Wrong(
            {
                "max(0, (dense - starts - 1) // (value_bytes + 4))": (
                    "(dense - starts - 1) // (value_bytes + 4)"
                )
            },
            'Your "most_kept" is below 0 where the starts alone are larger than the dense matrix. '
            "Give 0.",
        ),
        Wrong(
            {"max(0, (dense - starts - 1) // (value_bytes + 4))": "n_rows * n_columns - 1"},
            "You let CSR pay as soon as one weight is dropped. Each kept weight takes 4 bytes "
            "more than before: many must go first.",
        ),
    ),
    right=(sparse_bytes_by_search,),
)

# --- 10.5 ----------------------------------------------------------------------------------------

_RHYME = "how much wood would a woodchuck chuck if a woodchuck could chuck wood"
_CHINESE = "模型压缩不是数据压缩。模型是压缩器。"


def compressed(text, order):
    from math import ceil, log, log2

    data, counts, bits = text.encode(), {}, 0.0
    for place, byte in enumerate(data):
        context = data[max(0, place - order) : place]
        seen = counts.setdefault(context, [0] * 256)
        bits -= log2((seen[byte] + 1) / (sum(seen) + 256))
        seen[byte] += 1
    n_bytes = ceil(bits / 8)
    loss = bits * log(2) / len(data)
    return {"loss": loss, "bytes": n_bytes, "ratio": len(data) / n_bytes}


def compressed_in_nats(text, order):
    import math
    from collections import Counter, defaultdict

    data, seen, nats = list(text.encode("utf-8")), defaultdict(Counter), []
    for place in range(len(data)):
        context = tuple(data[place - order : place]) if place >= order else tuple(data[:place])
        counter = seen[context]
        nats.append(-math.log((1 + counter[data[place]]) / (256 + counter.total())))
        counter[data[place]] += 1
    n_bytes = math.ceil(math.fsum(nats) / math.log(2) / 8)
    return {
        "ratio": len(data) / n_bytes,
        "loss": math.fsum(nats) / len(nats),
        "bytes": n_bytes,
    }


def by_the_shares_of_the_whole_text(text, order):
    from collections import Counter
    from math import ceil, log

    data = text.encode()
    pairs = Counter((data[max(0, i - order) : i], byte) for i, byte in enumerate(data))
    contexts = Counter(data[max(0, i - order) : i] for i in range(len(data)))
    nats = 0.0
    for (context, _), n in pairs.items():
        nats -= n * log(n / contexts[context])
    n_bytes = ceil(nats / log(2) / 8)
    ratio = len(data) / n_bytes if n_bytes else float("inf")
    return {"loss": nats / len(data), "bytes": n_bytes, "ratio": ratio}


E10_5 = Exercise(
    id="10.5",
    name="compressed",
    title="A model that compresses",
    minutes=14,
    difficulty=2,
    reference=compressed,
    own=True,
    units=("bytes",),
    properties=(
        Property(
            'the rhyme by single bytes, and from the one before; "ab" eighty times; a Chinese '
            "sentence; a single letter",
            {"loss": 2, "bytes": 1, "ratio": 1},
            ((_RHYME, 0), (_RHYME, 1), ("ab" * 80, 2), (_CHINESE, 1), ("a", 0)),
        ),
        Property(
            "other texts and orders come out right",
            1,
            (
                ("to be or not to be, that is the question", 2),
                ("aaaaaaaaaabbbbbbbbbb" * 6, 1),
                ("压缩压缩压缩", 0),
                ("ünïcode and ascii " * 3, 3),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {
                "data, counts, bits = text.encode(), {}": (
                    "data, counts, bits = ''.join(chr(ord(c) % 256) for c in text), {}"
                ),
                "seen[byte] + 1": "seen[ord(byte)] + 1",
                "seen[byte] +=": "seen[ord(byte)] +=",
            },
            "You count characters. A Chinese one has three bytes in UTF-8: use `text.encode()`.",
        ),
        Wrong(
            by_the_shares_of_the_whole_text,
            "You take the shares of the whole text. Who unpacks does not know them: a byte is "
            "predicted from those before it alone.",
        ),
        Wrong(
            {
                "        seen[byte] += 1\n": "",
                "        bits -=": "        seen[byte] += 1\n        bits -=",
            },
            "You count a byte before you predict it. Who unpacks does not know it yet: predict "
            "first, then count.",
        ),
        Wrong(
            {"(sum(seen) + 256)": "max(1, sum(seen))"},
            "Your chances do not add up to 1: each of 256 bytes gets 1 more, so that the sum has "
            "256 more.",
        ),
        Wrong(
            {"(sum(seen) + 256)": "(sum(seen) + 1)"},
            "You add 1 to the sum. Each of the 256 possible bytes gets 1 more: add 256.",
        ),
        Wrong(
            {"[max(0, place - order) : place]": "[max(0, place - 1) : place]"},
            "Your context is always one byte long. It has `order` bytes, and none for order 0.",
        ),
        Wrong(
            {"[max(0, place - order) : place]": "[:0]"},
            "You do not look at the bytes before. The counts are kept for each context of `order` "
            "bytes.",
        ),
        Wrong(
            {"place - order) : place]": "place - order) : place + 1]"},
            "Your context holds the byte that is to be predicted. It ends before it.",
        ),
        Wrong(
            {"bits * log(2) / len(data)": "bits / len(data)"},
            'Your "loss" is in bits. In nats it is ln 2 = 0.693 times as much.',
        ),
        Wrong(
            {"bits * log(2) / len(data)": "bits * log(2)"},
            'Your "loss" is that of the whole text. For each byte is asked.',
        ),
        Wrong(
            {
                "ceil(bits / 8)": "int(bits / 8)",
                "len(data) / n_bytes": "len(data) / max(1, n_bytes)",
            },
            'Your "bytes" lose the last bits. A file has whole bytes: round up.',
        ),
        Wrong(
            {"ceil(bits / 8)": "ceil(bits)"},
            'Your "bytes" are bits: divide by 8.',
        ),
        Wrong(
            {"len(data) / n_bytes": "n_bytes / len(data)"},
            'Your "ratio" is upside down: the text\'s bytes over those of the compressed one.',
        ),
    ),
    right=(compressed_in_nats,),
)

# --- 10.6 ----------------------------------------------------------------------------------------


def _near_rank(seed, n_rows, n_columns, rank, noise):
    rng = np.random.default_rng(seed)
    made = rng.normal(size=(n_rows, rank)) @ rng.normal(size=(rank, n_columns))
    return (made + noise * rng.normal(size=(n_rows, n_columns))).round(3).tolist()


_LOW = _near_rank(13, 8, 12, 2, 0.1)


def low_rank(weights, tolerance):
    import numpy as np

    weights = np.array(weights, float)
    squares = np.linalg.svd(weights, compute_uv=False) ** 2
    errors = [np.sqrt(squares[rank:].sum() / squares.sum()) for rank in range(len(squares) + 1)]
    rank = next(rank for rank, error in enumerate(errors) if error <= tolerance)
    return {
        "rank": rank,
        "error": errors[rank],
        "numbers": rank * sum(weights.shape),
        "break_even": (weights.size - 1) // sum(weights.shape),
    }


def low_rank_by_building(weights, tolerance):
    import numpy as np

    w = np.array(weights, float)
    m, n = w.shape
    u, s, v = np.linalg.svd(w, full_matrices=False)
    rank = 0
    while True:
        left, right = u[:, :rank] * s[:rank], v[:rank]
        error = np.linalg.norm(w - left @ right) / np.linalg.norm(w)
        if error <= tolerance:
            break
        rank += 1
    even = max(r for r in range(m * n) if r * m + r * n < m * n)
    return {
        "error": error,
        "numbers": left.size + right.size,
        "rank": rank,
        "break_even": even,
    }


E10_6 = Exercise(
    id="10.6",
    name="low_rank",
    title="Two thin matrices for one",
    minutes=15,
    difficulty=3,
    reference=low_rank,
    own=True,
    properties=(
        Property(
            "8 × 12 weights that are nearly of rank 2: rank 2 is within 10 %, a higher one within "
            "1 %; a diagonal matrix; rank 0 is enough where all may be lost; a matrix of one row",
            {"rank": 1, "error": 1, "numbers": 1, "break_even": 1},
            (
                (_LOW, 0.1),
                (_LOW, 0.01),
                ([[4.0, 0, 0], [0, 2.0, 0], [0, 0, 1.0], [0, 0, 0], [0, 0, 0], [0, 0, 0]], 0.4),
                (_LOW, 1.2),
                ([[3.0, 4.0, 12.0]], 0.5),
                ([[3.0, 4.0, 0.0], [0.3, -1.2, 0.7], [4.4, 0.1, 0.2]], 0.2),
            ),
        ),
        Property(
            "other matrices come out right, large and small weights alike",
            1,
            (
                (_near_rank(14, 10, 6, 3, 0.4), 0.05),
                (_normal(15, 9, 9), 0.3),
                ((0.001 * np.array(_near_rank(16, 6, 7, 2, 0.3))).tolist(), 0.15),
                (_near_rank(17, 5, 20, 1, 0.2), 0.35),
                (_normal(26, 2, 3), 0.4),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {
                "np.sqrt(squares[rank:].sum() / squares.sum())": (
                    "squares[rank:].sum() / squares.sum()"
                )
            },
            "Your error is a ratio of squares. Take the root.",
        ),
        Wrong(
            {
                "compute_uv=False) ** 2": "compute_uv=False)",
                "np.sqrt(squares[rank:].sum() / squares.sum())": (
                    "squares[rank:].sum() / squares.sum()"
                ),
            },
            "You add the singular values. The square of a matrix's size is the sum of their "
            "squares.",
        ),
        Wrong(
            {"/ squares.sum())": ")"},
            "Your error is in the unit of the weights. It is asked for relative to all of them.",
        ),
        Wrong(
            {
                "np.sqrt(squares[rank:].sum() / squares.sum())": (
                    "np.sqrt((squares[rank] if rank < len(squares) else 0) / squares[0])"
                )
            },
            "You look at the first singular value that is left out only. All that are left out "
            "make the error.",
        ),
        Wrong(
            {
                "np.sqrt(squares[rank:].sum()": "np.sqrt(squares[:rank].sum()",
                "error <= tolerance": "error >= 1 - tolerance",
            },
            "You ask what is kept. The error is what the singular values that are left out make.",
        ),
        Wrong(
            {
                "range(len(squares) + 1)": "range(1, len(squares) + 1)",
                "rank for rank, error in enumerate(errors)": (
                    "rank for rank, error in enumerate(errors, 1)"
                ),
                "errors[rank]": "errors[rank - 1]",
            },
            "You begin with rank 1. Where all may be lost, rank 0 is enough.",
        ),
        Wrong(
            {'"rank": rank,': '"rank": rank + 1,'},
            "Your rank is one too high: the smallest that is within the tolerance is asked for.",
        ),
        Wrong(
            {"rank * sum(weights.shape)": "rank * weights.size"},
            'Your "numbers" are too many. The two matrices are m × r and r × n.',
        ),
        Wrong(
            {"rank * sum(weights.shape)": "rank * (sum(weights.shape) + 1)"},
            'Your "numbers" store the singular values as well. They go into one of the two '
            "matrices.",
        ),
        Wrong(
            {"(weights.size - 1) //": "weights.size //"},
            'At your "break_even" the two may be just as large as the one. They are to be smaller.',
        ),
        Wrong(
            {"(weights.size - 1) // sum(weights.shape)": "min(weights.shape) - 1"},
            "You let every rank below the full one save. Two matrices of rank r take "
            "r · (m + n) numbers, which may be more than m · n.",
        ),
        Wrong(
            {"(weights.size - 1) // sum(weights.shape)": "min(weights.shape) // 2"},
            'Your "break_even" is half of the full rank. That is so for square matrices only: '
            "m · n / (m + n).",
        ),
        Wrong(
            {"(weights.size - 1) // sum(weights.shape)": "weights.size / sum(weights.shape)"},
            'Your "break_even" has decimals. A rank is a whole number.',
        ),
    ),
    right=(low_rank_by_building,),
    equivalent={
        "error <= tolerance → error < tolerance": "no error meets a tolerance to the last digit",
        "1 → 2 #2": "a rank above the full one comes after one with no error",
    },
)

# --- 10.7 ----------------------------------------------------------------------------------------

_STUDENT = [[1.0, 2.0, 0.5], [0.3, -1.0, 2.2]]
_TEACHER = [[0.2, 3.1, 1.0], [1.4, -2.0, 2.5]]


def distillation_loss(student, teacher, labels, temperature, share):
    import numpy as np

    def log_softmax(logits):
        shifted = logits - logits.max(axis=1, keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))

    student, teacher = np.array(student, float), np.array(teacher, float)
    p, q = log_softmax(teacher / temperature), log_softmax(student / temperature)
    soft = temperature**2 * np.mean(np.sum(np.exp(p) * (p - q), axis=1))
    hard = -np.mean(log_softmax(student)[np.arange(len(labels)), labels])
    return {"soft": soft, "hard": hard, "loss": share * soft + (1 - share) * hard}


def distillation_loss_in_torch(student, teacher, labels, temperature, share):
    import torch
    from torch.nn import functional

    student, teacher = torch.tensor([student, teacher], dtype=torch.float64)
    p, q = ((one / temperature).log_softmax(1) for one in (teacher, student))
    soft = functional.kl_div(q, p, log_target=True, reduction="batchmean") * temperature**2
    hard = functional.cross_entropy(student, torch.tensor(labels))
    total = torch.lerp(hard, soft, share)
    return {"loss": total.item(), "hard": hard.item(), "soft": soft.item()}


def distillation_loss_by_softmax(student, teacher, labels, temperature, share):
    import numpy as np

    def softmax(logits):
        powers = np.exp(logits)
        return powers / powers.sum(axis=1, keepdims=True)

    student, teacher = np.array(student, float), np.array(teacher, float)
    with np.errstate(all="ignore"):
        p, q = softmax(teacher / temperature), softmax(student / temperature)
        soft = temperature**2 * np.mean(np.sum(p * np.log(p / q), axis=1))
        hard = -np.mean(np.log(softmax(student)[range(len(labels)), labels]))
        return {"soft": soft, "hard": hard, "loss": share * soft + (1 - share) * hard}


E10_7 = Exercise(
    id="10.7",
    name="distillation_loss",
    title="What a teacher knows besides",
    minutes=16,
    difficulty=3,
    reference=distillation_loss,
    own=True,
    units=("factor",),
    properties=(
        Property(
            "two pictures of three classes, at T = 2 and 1; a student that copies its teacher; "
            "the soft loss alone; logits of a thousand",
            {"soft": 2, "hard": 1, "loss": 1},
            (
                (_STUDENT, _TEACHER, [1, 2], 2.0, 0.7),
                (_STUDENT, _TEACHER, [0, 0], 1.0, 0.3),
                (_TEACHER, _TEACHER, [1, 2], 3.0, 0.5),
                (_STUDENT, _TEACHER, [1, 2], 5.0, 1.0),
                ([[1000.0, 0.0], [1.0, 2.0]], [[0.0, 1500.0], [-3.0, 4.0]], [0, 1], 1.0, 0.5),
            ),
        ),
        Property(
            "other logits, temperatures and shares come out right",
            1,
            (
                (_normal(18, 4, 5), _normal(19, 4, 5), [4, 0, 3, 3], 4.0, 0.9),
                (_normal(20, 1, 2), _normal(21, 1, 2), [1], 0.5, 0.25),
                ([[-2000.0, 0.0, 1.0]], [[900.0, 0.0, -40.0]], [2], 1.5, 0.6),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"temperature**2 * ": ""},
            "You leave out T². The gradient of the soft part falls as 1/T²; the factor keeps its "
            "weight beside the hard part.",
        ),
        Wrong(
            {"temperature**2": "temperature"},
            "You multiply by T. The soft part needs T².",
        ),
        Wrong(
            {"np.exp(p) * (p - q)": "np.exp(q) * (q - p)"},
            "You have the divergence the other way round: the teacher's chances weigh the "
            "logarithms.",
        ),
        Wrong(
            {"np.exp(p) * (p - q)": "-np.exp(p) * q"},
            "You have the cross-entropy with the teacher. The divergence takes the teacher's own "
            "entropy off, so that it is 0 for a student that copies its teacher.",
        ),
        Wrong(
            {"np.sum(np.exp(p) * (p - q), axis=1)": "np.exp(p) * (p - q)"},
            'You divide by the number of classes too, as `reduction="mean"` of PyTorch\'s kl_div '
            "does. Add over the classes, and take the mean over the examples.",
        ),
        Wrong(
            {"np.mean(np.sum(np.exp(p)": "np.sum(np.sum(np.exp(p)", "-np.mean(log": "-np.sum(log"},
            "You add over the examples. Take their mean.",
        ),
        Wrong(
            {"-np.mean(log_softmax(student)": "-np.mean(log_softmax(student / temperature)"},
            "Your hard part is at the temperature T. It is the usual loss: T = 1.",
        ),
        Wrong(
            {"-np.mean(log_softmax(student)": "-np.mean(log_softmax(teacher)"},
            'Your "hard" is the teacher\'s loss. The student is to learn.',
        ),
        Wrong(
            {"log_softmax(teacher / temperature)": "log_softmax(teacher)"},
            "Only the student is at the temperature T. Both are.",
        ),
        Wrong(
            {
                "teacher / temperature": "teacher * temperature",
                "student / temperature": "student * temperature",
            },
            "You multiply the logits by T. A high temperature makes the shares more even: divide.",
        ),
        Wrong(
            {"share * soft + (1 - share) * hard": "(1 - share) * soft + share * hard"},
            "You weigh the two parts the wrong way round: `share` is that of the soft part.",
        ),
        Wrong(
            {"share * soft + (1 - share) * hard": "share * soft + hard"},
            'Your "loss" has the whole hard part. It gets 1 − share.',
        ),
        Wrong(
            distillation_loss_by_softmax,
            "Your formula is right, but e^1000 is too large for a computer's numbers and e^−1000 "
            "is 0. Subtract the largest logit first, and stay with logarithms.",
        ),
    ),
    right=(distillation_loss_in_torch,),
)

# --- 10.8 ----------------------------------------------------------------------------------------


def smaller_step(n_weights, batch, flop_per_s, bytes_per_s, unpack_per_s, other_s):
    from math import ceil

    wide, narrow = 4 * n_weights / bytes_per_s, n_weights / bytes_per_s
    unpack, example = n_weights / unpack_per_s, 2 * n_weights / flop_per_s
    before = max(wide, batch * example) + other_s
    after = max(narrow, batch * example) + unpack + other_s
    most = ceil((wide - unpack) / example) - 1 if narrow + unpack < wide else 0
    return {
        "before": before,
        "speedup": before / after,
        "limit": before / other_s,
        "most_batch": most,
    }


def smaller_step_by_search(n_weights, batch, flop_per_s, bytes_per_s, unpack_per_s, other_s):
    def layer(weight_bytes, batch):
        reading = weight_bytes * n_weights / bytes_per_s
        computing = 2 * n_weights * batch / flop_per_s
        return reading if reading > computing else computing

    def int8(batch):
        return n_weights / unpack_per_s + layer(1, batch)

    most = 0
    while int8(most + 1) < layer(4, most + 1):
        most += 1
    old, new = layer(4, batch) + other_s, int8(batch) + other_s
    return {"most_batch": most, "limit": old / other_s, "speedup": old / new, "before": old}


E10_8 = Exercise(
    id="10.8",
    name="smaller_step",
    title="Smaller, and slower?",
    minutes=16,
    difficulty=3,
    reference=smaller_step,
    own=True,
    units=("factor", "time"),
    properties=(
        Property(
            "4e6 weights, 2e10 bytes/s and 1e11 FLOP/s: with fast unpacking, with slow, with a "
            "large batch, where the layer waits for its computing alone, and a batch that is just as "
            "fast",
            {"before": 1, "speedup": 1, "limit": 1, "most_batch": 1},
            (
                (4e6, 1, 1e11, 2e10, 4e10, 1e-4),
                (4e6, 1, 1e11, 2e10, 5e9, 1e-4),
                (4e6, 64, 1e11, 2e10, 4e10, 3e-4),
                (1e6, 3, 1e9, 2e10, 4e10, 2e-4),
                (4, 3, 8, 2, 4, 1),
            ),
        ),
        Property(
            "other layers and machines come out right",
            1,
            (
                (8.03e9, 4, 9.9e14, 3.35e12, 5.1e12, 2.7e-3),
                (1.7e6, 9, 7.3e10, 1.9e10, 1.3e10, 5.9e-5),
                (2.3e6, 2, 6.7e10, 2.1e10, 3.1e9, 7.1e-5),
                (2.3e6, 5, 6.7e11, 2.1e10, 7.4e9, 7.1e-5),
                (3, 1, 24, 3, 1, 0.5),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"n_weights / unpack_per_s": "0.0"},
            "You forget the unpacking. The processor multiplies float32 numbers: each weight is "
            "turned into one first.",
        ),
        Wrong(
            {
                "max(wide, batch * example)": "wide + batch * example",
                "max(narrow, batch * example)": "narrow + batch * example",
            },
            "You read first and compute then. Both go on at the same time: the longer counts.",
        ),
        Wrong(
            {
                "max(wide, batch * example)": "batch * max(wide, example)",
                "max(narrow, batch * example)": "batch * max(narrow, example)",
            },
            "You read the weights for each example. They are read once for the whole batch.",
        ),
        Wrong(
            {"2 * n_weights / flop_per_s": "n_weights / flop_per_s"},
            "You count one FLOP for each weight and example. There are two: a product and a sum.",
        ),
        Wrong(
            {
                "max(wide, batch * example)": "max(wide, example)",
                "max(narrow, batch * example)": "max(narrow, example)",
            },
            "Your computing does not grow with the batch. Each example meets each weight.",
        ),
        Wrong(
            {'"speedup": before / after': '"speedup": (before - other_s) / (after - other_s)'},
            'Your "speedup" is that of the layer. The rest of the step takes as long as before.',
        ),
        Wrong(
            {'"speedup": before / after': '"speedup": 4'},
            "You say 4 times, as many times as it is smaller. Only the reading is four times as "
            "short.",
        ),
        Wrong(
            {'"speedup": before / after': '"speedup": after / before'},
            'Your "speedup" is upside down: the time before over the time after.',
        ),
        Wrong(
            {"max(narrow, batch * example) + unpack": "max(narrow, batch * example, unpack)"},
            "You unpack while you read and compute. Here it takes its own time, and is added.",
        ),
        Wrong(
            {"batch * example) + unpack": "batch * example) + batch * unpack"},
            "You unpack the weights for each example. They are unpacked once in a step.",
        ),
        Wrong(
            {
                "before = max(wide, batch * example) + other_s": "before = max(wide, batch * example)"
            },
            'Your "before" is the layer alone. A step has its other work too.',
        ),
        Wrong(
            {'"limit": before / other_s': '"limit": (before - other_s) / other_s'},
            'Your "limit" is too low: the whole step before, over what is left of it when the '
            "layer takes no time.",
        ),
        Wrong(
            {'"limit": before / other_s': '"limit": float("inf")'},
            "Your step becomes faster without end. What is not this layer remains.",
        ),
        Wrong(
            {'"most_batch": most': '"most_batch": most + 1'},
            'At your "most_batch" int8 is no longer faster.',
        ),
        Wrong(
            {"ceil((wide - unpack) / example) - 1": "int((wide - unpack) / example)"},
            "You count a batch with which int8 is just as fast. It is to be faster.",
        ),
        Wrong(
            {"ceil((wide - unpack) / example) - 1": "int(wide / example)"},
            'Your "most_batch" is the one at which reading float32 and computing take as long. '
            "The unpacking must be won back too.",
        ),
        Wrong(
            {" if narrow + unpack < wide else 0": ""},
            'Your "most_batch" is right only where int8 pays at all. Where unpacking takes longer '
            "than it saves, it is 0.",
        ),
    ),
    right=(smaller_step_by_search,),
)

# --- 10.9 ----------------------------------------------------------------------------------------

_PLANS = {
    "as trained": {"accuracy": [97.2, 96.9, 97.6, 97.1, 97.4], "bytes": 46_000, "ms": 0.95},
    "int8, weights": {"accuracy": [97.1, 97.0, 97.5, 97.1, 97.4], "bytes": 11_900, "ms": 1.40},
    "int8, dynamic": {"accuracy": [97.0, 96.8, 97.5, 97.0, 97.2], "bytes": 11_800, "ms": 0.56},
    "int4": {"accuracy": [96.9, 96.0, 97.0, 96.9, 96.3], "bytes": 6_500, "ms": 1.45},
    "half the units": {"accuracy": [96.7, 96.6, 97.1, 96.5, 97.0], "bytes": 23_000, "ms": 0.55},
    "half, int8": {"accuracy": [96.7, 96.5, 97.0, 96.5, 97.0], "bytes": 6_100, "ms": 0.38},
    "distilled": {"accuracy": [97.0, 96.9, 96.0, 97.1, 96.4], "bytes": 11_500, "ms": 0.31},
    "90 % zeros": {"accuracy": [96.5, 96.2, 96.6, 96.6, 96.7], "bytes": 9_400, "ms": 1.06},
}
_LIMITS = {"bytes": 12_000, "ms": 1.06, "loss": 0.8}


def _equal_plans(n_bytes, ms):
    base = {"accuracy": [90.0, 91.0, 92.0], "bytes": 100, "ms": 5}
    other = {"accuracy": [89.5, 90.5, 91.5], "bytes": n_bytes, "ms": ms}
    return {"as trained": base, "a": other, "b": other | {"ms": ms - 1}}


def choose_plan(plans, limits):
    import numpy as np
    from scipy.special import stdtrit

    base, upper, allowed = np.array(plans["as trained"]["accuracy"]), {}, []
    for name, plan in plans.items():
        losses = base - np.array(plan["accuracy"])
        n = len(losses)
        upper[name] = losses.mean() + stdtrit(n - 1, 0.975) * losses.std(ddof=1) / np.sqrt(n)
        fits = plan["bytes"] <= limits["bytes"] and plan["ms"] <= limits["ms"]
        if fits and upper[name] <= limits["loss"]:
            allowed.append(name)
    allowed.sort(key=lambda name: (plans[name]["bytes"], plans[name]["ms"]))
    return {"upper": upper, "allowed": allowed, "choice": allowed[0] if allowed else "none"}


def choose_plan_with_scipy(plans, limits):
    import statistics

    from scipy import stats

    upper, rows = {}, []
    for name, plan in plans.items():
        pairs = zip(plans["as trained"]["accuracy"], plan["accuracy"], strict=True)
        losses = [before - after for before, after in pairs]
        error = statistics.stdev(losses) / len(losses) ** 0.5
        t = stats.t.ppf(1 - 0.05 / 2, df=len(losses) - 1)
        upper[name] = statistics.fmean(losses) + t * error
        if not (
            plan["bytes"] > limits["bytes"]
            or plan["ms"] > limits["ms"]
            or upper[name] > limits["loss"]
        ):
            rows.append((plan["bytes"], plan["ms"], name))
    names = [name for _, _, name in sorted(rows)]
    return {"choice": [*names, "none"][0], "allowed": names, "upper": upper}


E10_9 = Exercise(
    id="10.9",
    name="choose_plan",
    title="Choose a plan",
    minutes=18,
    difficulty=3,
    reference=choose_plan,
    properties=(
        Property(
            "the eight plans under their limits; under wider and under narrower ones; limits that "
            'allow "as trained"; what just meets a limit is within; of two as small, the faster; '
            "none",
            {"upper": 2, "allowed": 1, "choice": 1},
            (
                (_PLANS, _LIMITS),
                (_PLANS, {"bytes": 23_000, "ms": 1.45, "loss": 1.5}),
                (_PLANS, {"bytes": 46_000, "ms": 1.0, "loss": 1.2}),
                (_PLANS, {"bytes": 12_000, "ms": 0.5, "loss": 0.5}),
                (_equal_plans(40, 3), {"bytes": 40, "ms": 3, "loss": 0.5}),
                (_equal_plans(100, 5), {"bytes": 99, "ms": 9, "loss": 0.5}),
            ),
        ),
        Property(
            "other limits come out right, and other numbers of seeds",
            1,
            (
                (_PLANS, {"bytes": 46_000, "ms": 0.95, "loss": 0.0}),
                (_PLANS, {"bytes": 6_500, "ms": 2.0, "loss": 0.72}),
                (
                    {
                        "as trained": {"accuracy": [71.3, 70.2, 72.9, 70.8], "bytes": 9, "ms": 3},
                        "small": {"accuracy": [70.9, 69.4, 72.6, 70.1], "bytes": 3, "ms": 5},
                        "smaller": {"accuracy": [71.9, 70.7, 70.2, 69.9], "bytes": 2, "ms": 4},
                    },
                    {"bytes": 9, "ms": 5, "loss": 1.1},
                ),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {" + stdtrit(n - 1, 0.975) * losses.std(ddof=1) / np.sqrt(n)": ""},
            "You go by the mean loss. Five seeds do not know it exactly: the upper end of its "
            "interval is asked for.",
        ),
        Wrong(
            {" / np.sqrt(n)": ""},
            "Your interval is that of a single seed. The mean of n is known better: divide the "
            "standard deviation by √n.",
        ),
        Wrong(
            {"stdtrit(n - 1, 0.975)": "1.959963984540054"},
            "You take 1.96 standard errors, which is right for many seeds. With few, Student's t "
            "is larger: 2.78 for five.",
        ),
        Wrong(
            {"stdtrit(n - 1, 0.975)": "stdtrit(n, 0.975)"},
            "Your degrees of freedom are the number of seeds. They are one less.",
        ),
        Wrong(
            {"stdtrit(n - 1, 0.975)": "stdtrit(n - 1, 0.95)"},
            "Your quantile leaves 5 % above. An interval of 95 % leaves 2.5 % on either side: "
            "0.975.",
        ),
        Wrong(
            {"ddof=1": "ddof=0"},
            "Your standard deviation divides by n. From a sample it divides by n − 1: `ddof=1`.",
        ),
        Wrong(
            {
                "losses.std(ddof=1) / np.sqrt(n)": (
                    "np.sqrt((base.var(ddof=1) + np.var(plan['accuracy'], ddof=1)) / n)"
                )
            },
            "You compare the two means as if the networks were strangers. Each plan was made from "
            "the same five networks: take the loss seed by seed, then its standard deviation.",
        ),
        Wrong(
            {"losses.mean() + ": "losses.mean() - "},
            "You take the lower end, the best that may be hoped for. A limit must hold for the "
            "worse end.",
        ),
        Wrong(
            {
                'losses = base - np.array(plan["accuracy"])': (
                    'losses = np.array(plan["accuracy"]) - base'
                )
            },
            "Your loss is a gain: it is the accuracy as trained minus that of the plan.",
        ),
        Wrong(
            {' and upper[name] <= limits["loss"]': ' and losses.mean() <= limits["loss"]'},
            "You hold the mean to the limit. The upper end of the interval must be within it.",
        ),
        Wrong(
            {
                '<= limits["bytes"]': '< limits["bytes"]',
                '<= limits["ms"]': '< limits["ms"]',
                "upper[name] <= limits": "upper[name] < limits",
            },
            "You leave out what just meets a limit. It is within.",
        ),
        Wrong(
            {'(plans[name]["bytes"], plans[name]["ms"])': 'plans[name]["ms"]'},
            "You put the fastest first. The smallest is asked for; the time decides among those "
            "that are as small.",
        ),
        Wrong(
            {'(plans[name]["bytes"], plans[name]["ms"])': 'plans[name]["bytes"]'},
            "Of plans that are as small you do not take the faster first.",
        ),
        Wrong(
            {
                "            allowed.append(name)": (
                    "            allowed.append(name)\n    allowed = [n for n in allowed if n != 'as trained']"
                )
            },
            'You leave out "as trained". It is a plan like the others, with a loss of 0.',
        ),
    ),
    right=(choose_plan_with_scipy,),
)

# --- 10.10 ---------------------------------------------------------------------------------------


def _networks(seed, n_networks, n_inputs, n_hidden, n_classes, noise=0.0, digits=2):
    """Networks of random features whose last layer is fitted to labels: good, but not perfect."""
    rng = np.random.default_rng(seed)
    images = rng.normal(size=(60, n_inputs)).round(digits)
    labels = (images[:, :n_classes] + noise * rng.normal(size=(60, n_classes))).argmax(axis=1)
    networks = []
    for _ in range(n_networks):
        w1 = (rng.normal(size=(n_inputs, n_hidden)) * rng.lognormal(0, 1, n_hidden)).round(
            digits + 1
        )
        b1 = rng.normal(size=n_hidden).round(digits)
        hidden = np.maximum(images @ w1 + b1, 0)
        w2 = np.linalg.lstsq(hidden, np.eye(n_classes)[labels], rcond=None)[0].round(digits + 2)
        b2 = rng.normal(0, 0.02, n_classes).round(digits + 1)
        networks.append([one.tolist() for one in (w1, b1, w2, b2)])
    return networks, images.tolist(), labels.tolist()


def harm(networks, images, labels, bits, margin):
    import numpy as np
    from scipy.special import stdtrit

    def restored(weights):
        scale = np.abs(weights).max() / (2 ** (bits - 1) - 1)
        return np.round(weights / scale) * scale

    def accuracy(w1, b1, w2, b2):
        hidden = np.maximum(np.array(images) @ w1 + b1, 0)
        return 100 * np.mean((hidden @ w2 + b2).argmax(axis=1) == labels)

    losses = []
    for network in networks:
        w1, b1, w2, b2 = (np.array(part, float) for part in network)
        losses.append(accuracy(w1, b1, w2, b2) - accuracy(restored(w1), b1, restored(w2), b2))
    n, mean = len(losses), np.mean(losses)
    half = stdtrit(n - 1, 0.975) * np.std(losses, ddof=1) / np.sqrt(n)
    verdict = "harmless" if mean + half <= margin else "not told apart"
    if mean - half > margin:
        verdict = "harms"
    return {"losses": losses, "interval": [mean - half, mean + half], "verdict": verdict}


def harm_example_by_example(networks, images, labels, bits, margin):
    import statistics

    import numpy as np
    from scipy import stats

    top = 2 ** (bits - 1) - 1

    def share_right(network, compress):
        w1, b1, w2, b2 = map(np.asarray, network)
        if compress:
            w1 = np.rint(w1 / (abs(w1).max() / top)) * abs(w1).max() / top
            w2 = np.rint(w2 / (abs(w2).max() / top)) * abs(w2).max() / top
        right = 0
        for image, label in zip(images, labels, strict=True):
            hidden = image @ w1 + b1
            hidden[hidden < 0] = 0
            right += int(np.argmax(hidden @ w2 + b2)) == label
        return right / len(labels) * 100

    losses = [share_right(one, False) - share_right(one, True) for one in networks]
    error = statistics.stdev(losses) / len(losses) ** 0.5
    t = stats.t.ppf(0.975, len(losses) - 1)
    low, high = statistics.fmean(losses) - t * error, statistics.fmean(losses) + t * error
    verdict = "harms" if low > margin else "harmless" if high <= margin else "not told apart"
    return {"verdict": verdict, "losses": losses, "interval": [low, high]}


_FIVE = _networks(22, 5, 6, 8, 3)
_ALIKE = ([_FIVE[0][0]] * 3, *_FIVE[1:])

E10_10 = Exercise(
    id="10.10",
    name="harm",
    title="Does it harm your network?",
    minutes=20,
    difficulty=3,
    reference=harm,
    properties=(
        Property(
            "five small networks in 8 bits, in 4, in 3 and in 2; three that are the same; a loss "
            "that just meets the margin is harmless",
            {"losses": 2, "interval": 1, "verdict": 1},
            (
                (*_FIVE, 8, 3.5),
                (*_FIVE, 8, 3.0),
                (*_FIVE, 4, 2.0),
                (*_FIVE, 3, 2.0),
                (*_FIVE, 2, 2.0),
                (*_ALIKE, 3, 1.0),
                (*_ALIKE, 14, 0.0),
            ),
        ),
        Property(
            "other networks, bits and margins come out right",
            1,
            (
                (*_networks(23, 4, 5, 7, 4, 0.5, 7), 3, 3.0),
                (*_networks(24, 6, 4, 9, 2, 0.3, 7), 4, 1.0),
                (*_networks(25, 3, 8, 5, 3, 0.1, 7), 2, 2.5),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"np.round(weights / scale)": "np.trunc(weights / scale)"},
            "You cut the decimals off. Take the nearest code.",
        ),
        Wrong(
            {"(2 ** (bits - 1) - 1)": "2 ** (bits - 1)"},
            "You divide by 2^(bits − 1). The largest code is one less.",
        ),
        Wrong(
            {"np.abs(weights).max() /": "np.abs(weights).max(axis=0) /"},
            "You have a scale for each column. One for each matrix is asked for.",
        ),
        Wrong(
            {
                "restored(w1), b1, restored(w2), b2": "restored(w1), restored(b1), restored(w2), restored(b2)"
            },
            "You round the biases as well. They are few, and stay as they are.",
        ),
        Wrong(
            {"restored(w1), b1, restored(w2)": "restored(w1), b1, w2"},
            "You round the first matrix only.",
        ),
        Wrong(
            {"np.maximum(np.array(images) @ w1 + b1, 0)": "np.array(images) @ w1 + b1"},
            "You forget the ReLU: what is below 0 in the hidden layer becomes 0.",
        ),
        Wrong(
            {"return 100 * np.mean": "return np.mean"},
            "Your accuracy is a share. It is asked for in per cent, as the margin is.",
        ),
        Wrong(
            {
                "accuracy(w1, b1, w2, b2) - accuracy(restored(w1), b1, restored(w2), b2)": (
                    "accuracy(restored(w1), b1, restored(w2), b2) - accuracy(w1, b1, w2, b2)"
                )
            },
            "Your loss is a gain: it is the accuracy before minus that after.",
        ),
        Wrong(
            {"ddof=1": "ddof=0"},
            "Your standard deviation divides by n. From a sample it divides by n − 1: `ddof=1`.",
        ),
        Wrong(
            {"stdtrit(n - 1, 0.975)": "1.959963984540054"},
            "You take 1.96 standard errors, which is right for many networks. With few, Student's "
            "t is larger.",
        ),
        Wrong(
            {" / np.sqrt(n)": ""},
            "Your interval is that of a single network. The mean of n is known better: divide the "
            "standard deviation by √n.",
        ),
        Wrong(
            {"mean + half <= margin": "mean - half <= 0"},
            "You call harmless what is not told apart from 0. That no harm was shown is not that "
            "there is none: the whole interval must be within the margin.",
        ),
        Wrong(
            {"mean + half <= margin": "mean <= margin", "mean - half > margin": "mean > margin"},
            "Your verdict goes by the mean. The whole interval must lie on one side of the margin.",
        ),
        Wrong(
            {"mean - half > margin": "mean - half > 0"},
            'You say "harms" as soon as there is a loss. A loss within the margin is one that may '
            "be: the interval must lie above the margin.",
        ),
        Wrong(
            {"mean + half <= margin": "mean + half < margin"},
            "You do not call harmless what just meets the margin. It is within.",
        ),
    ),
    right=(harm_example_by_example,),
    equivalent={
        "np.maximum(np.array(images) @ w1 + b1, 0) → np.maximum(0, np.array(images) @ w1 + b1)": "the larger of two is the same in either order",
        "2 ** (bits - 1) - 1 → 1 - 2 ** (bits - 1)": "a negative scale turns the sign of the codes, and back again",
    },
)

EXERCISES = [E10_1, E10_2, E10_3, E10_4, E10_5, E10_6, E10_7, E10_8, E10_9, E10_10]
