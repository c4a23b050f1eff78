"""What decides the points of 00_orders_of_magnitude. Never released.

Every answer below stands alone (its imports inside): the tests paste its source into the exercise.
"""

import math

from course.classroom.judge import Case, Exercise, Property, Wrong
from course.evidence import fact

_GPT_3 = fact("model.GPT-3").value
_CHINCHILLA = fact("hoffmann.table1").value["Chinchilla"]
_PEAK = fact("hw.H100").value["bf16_flop_per_s"]
_MFU = 0.4
_USD_PER_FLOP = float(fact("price.h100")) / 3_600 / (_MFU * _PEAK)
_USD_PER_FLOP_IN_A = 1e-12  # A §5.1, K084

# --- 00.1 ----------------------------------------------------------------------------------------


def training_flops(n_params, n_tokens):
    return 6 * n_params * n_tokens


def training_flops_by_passes(n_params, n_tokens):
    import numpy as np

    forward = 2 * np.float64(n_params) * n_tokens
    backward = 2 * forward
    return forward + backward


E00_1 = Exercise(
    id="00.1",
    name="training_flops",
    title="Training compute",
    minutes=5,
    difficulty=1,
    reference=training_flops,
    properties=(
        Property(
            "GPT-3 (175B parameters, 300B tokens) comes out right",
            1,
            ((_GPT_3["n_params"], _GPT_3["n_tokens"]),),
        ),
        Property(
            "Chinchilla (70B parameters, 1.4T tokens) comes out right",
            1,
            ((_CHINCHILLA["n_params"], _CHINCHILLA["n_tokens"]),),
        ),
        Property(
            "twice the tokens is twice the compute, for a small model too",
            1,
            ((124e6, 3e9), (124e6, 6e9)),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"return 6 ": "return 2 "},
            "Your compute is 3 times too small: 2·N·D is the forward pass alone. The backward "
            "pass takes about twice as much again.",
        ),
        Wrong(
            {"return 6 ": "return 4 "},
            "Your compute is that of the backward pass alone, 4·N·D. The forward pass comes on "
            "top of it.",
        ),
        Wrong(
            {"6 * n_params": "n_params"},
            "You give N·D, the product that document C §4.2 puts into its formula. Each token "
            "meets each parameter in more than one operation: how many, forward and backward?",
        ),
        Wrong(
            {"* n_tokens\n": "* 20 * n_params\n"},
            "Your compute does not depend on n_tokens: it takes 20 tokens per parameter for "
            "granted. GPT-3 was trained on fewer than two per parameter.",
        ),
    ),
    right=(training_flops_by_passes,),
    units=("factor",),
)

# --- 00.2 ----------------------------------------------------------------------------------------


def pf_days(flops):
    return flops / (1e15 * 86_400)


def pf_days_from_units(flops):
    from course.units import PF_DAY

    return flops / PF_DAY


E00_2 = Exercise(
    id="00.2",
    name="pf_days",
    title="Petaflop-days",
    minutes=5,
    difficulty=1,
    reference=pf_days,
    properties=(
        Property("1e15 FLOP/s for a day is one PF-day", 1, (Case((8.64e19,), 1.0),)),
        Property(
            "GPT-3's 3.14e23 FLOP are the 3,640 PF-days that its authors print",
            1,
            (Case((_GPT_3["flops"],), 3_640),),  # Brown et al. 2020, table D.1
            rel_tol=0.005,
        ),
        Property(
            "very large and very small budgets come out right",
            1,
            ((2.68e28,), (1.3e15,)),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"(1e15 * 86_400)": "1e15"},
            "You divide by 1e15 FLOP/s and get seconds at that rate. A day has 86,400 of them.",
        ),
        Wrong(
            {"86_400": "3_600"},
            "Your unit is the PF-hour: you take 3,600 seconds. A PF-day lasts 24 times longer.",
        ),
        Wrong(
            {"1e15": "1e12"},
            "Your unit is the teraflop-day: peta (P) is 1e15, tera (T) is 1e12.",
        ),
        Wrong(
            {"/ (1e15 * 86_400)": "* 1e15 * 86_400"},
            "You go the other way, from PF-days to FLOP. How many times does one PF-day "
            "(8.64e19 FLOP) go into the budget?",
        ),
        Wrong(
            {"/ (1e15 * 86_400)": "* 86_400 / 1e15"},
            "You multiply by the seconds of a day. One PF-day is 1e15 FLOP/s × 86,400 s = "
            "8.64e19 FLOP: divide by all of it. In Python a / b * c is (a / b) * c.",
        ),
        Wrong(
            {"flops / (1e15 ": "flops // (1e15 "},
            "You keep whole PF-days only: // drops the fraction, and a small budget comes out "
            "as zero. Divide with /.",
        ),
    ),
    right=(pf_days_from_units,),
    units=("time", "prefix"),
)

# --- 00.3 ----------------------------------------------------------------------------------------


def weight_memory(n_params, bits):
    n_bytes = n_params * bits / 8
    return {"GB": n_bytes / 1e9, "GiB": n_bytes / 2**30, "fits": n_bytes <= 80e9}


def weight_memory_in_steps(n_params, bits):
    import numpy as np

    gb = np.float64(n_params) / 1e9 * bits / 8
    return {"fits": gb <= 80, "GiB": gb * (1000 / 1024) ** 3, "GB": gb}


def one_byte_each_as_in_a(n_params, bits):
    return {"GB": n_params / 1e9, "GiB": n_params / 2**30, "fits": n_params <= 80e9}


E00_3 = Exercise(
    id="00.3",
    name="weight_memory",
    title="The memory that weights take",
    minutes=8,
    difficulty=2,
    reference=weight_memory,
    properties=(
        Property(
            "7B parameters in bf16 are 14 GB, or 13.04 GiB, and fit; 70B do not, nor do 42B",
            {"GB": 1, "GiB": 1, "fits": 1},
            ((7e9, 16), (70e9, 16), (42e9, 16)),
            rel_tol=0.001,
        ),
        Property(
            "other precisions, down to 3 bits, come out right, and what is exactly 80 GB fits",
            1,
            ((405e9, 4), (175e9, 3), (6.9e9, 32), (20e9, 32)),
            hidden=True,
            rel_tol=0.001,
        ),
    ),
    wrong=(
        Wrong(
            {"bits / 8": "bits"},
            "Your sizes are 8 times too large: you take bits for bytes. A byte is 8 bits, so "
            "bf16 needs 2 bytes a parameter.",
        ),
        Wrong(
            {'1e9, "GiB": n_bytes / 2**30': '2**30, "GiB": n_bytes / 1e9'},
            "You have GB and GiB the wrong way round. A GB is 1e9 bytes; a GiB is 2**30, which "
            "is more, so a size in GiB is the smaller number.",
        ),
        Wrong(
            one_byte_each_as_in_a,
            "You count one byte for each parameter whatever the precision, as document A §5.2 "
            "seems to when it puts 7B parameters into a phone of 8 GB. What do `bits` change?",
        ),
        Wrong(
            {"<= 80e9": "/ 2**30 <= 80"},
            "You compare a number of GiB with 80 GB. 42B parameters are 78.2 GiB but 84 GB: "
            "compare like with like.",
        ),
    ),
    right=(weight_memory_in_steps,),
    units=("bytes",),
)

# --- 00.4 ----------------------------------------------------------------------------------------


def read_count(text):
    text = text.replace(",", "").upper()
    if not text[:1].isdigit():
        raise ValueError(f"{text!r} is not a count")  # float() reads "nan" and "infinity"
    factors = {"M": 1e6, "B": 1e9, "T": 1e12}
    if text[-1] in factors:
        return float(text[:-1]) * factors[text[-1]]
    return float(text)


def read_count_by_pattern(text):
    import re

    match = re.fullmatch(r"([\d,]+(?:\.\d+)?)\s*([MBT]?)", text.strip(), re.IGNORECASE)
    if not match:
        raise ValueError(f"{text!r} is not a count")
    power = {"": 0, "m": 6, "b": 9, "t": 12}[match[2].lower()]
    return float(match[1].replace(",", "")) * 10**power


def read_count_as_in_a(text):
    if "T" in text:
        return float(text.replace("T", "")) * 1e12
    if "B" in text:
        return float(text.replace("B", "")) * 1e9
    if "M" in text:
        return float(text.replace("M", "")) * 1e6
    return float(text)


def experts_multiplied(text):
    text = text.strip().replace(",", "").lower()
    factors = {"m": 1e6, "b": 1e9, "t": 1e12}
    if "x" in text:
        experts, size = text.split("x")
        return float(experts) * float(size[:-1]) * factors[size[-1]]
    return float(text[:-1]) * factors[text[-1]] if text[-1] in factors else float(text)


def digits_only(text):
    digits = "".join(letter for letter in text if letter in "0123456789.")
    return float(digits) * {"m": 1e6, "b": 1e9, "t": 1e12}.get(text[-1].lower(), 1)


def whole_numbers_only(text):
    text = text.strip().replace(",", "").lower()
    factors = {"m": 10**6, "b": 10**9, "t": 10**12}
    return int(text[:-1]) * factors[text[-1]] if text[-1] in factors else int(text)


def none_for_unreadable(text):
    try:
        text = text.strip().replace(",", "").lower()
        factors = {"m": 1e6, "b": 1e9, "t": 1e12}
        return float(text[:-1]) * factors[text[-1]] if text[-1] in factors else float(text)
    except ValueError:
        return None


def in_billions(text):
    text = text.strip().replace(",", "").lower()
    factors = {"m": 1e-3, "b": 1.0, "t": 1e3}
    return float(text[:-1]) * factors[text[-1]] if text[-1] in factors else float(text) / 1e9


def no_commas(text):
    text = text.strip().lower()
    factors = {"m": 1e6, "b": 1e9, "t": 1e12}
    return float(text[:-1]) * factors[text[-1]] if text[-1] in factors else float(text)


E00_4 = Exercise(
    id="00.4",
    name="read_count",
    title="Reading a count",
    minutes=10,
    difficulty=2,
    reference=read_count,
    properties=(
        Property("'13B', '350M' and '1.4T' are read", 1, (("13B",), ("350M",), ("1.4T",))),
        Property("'70b' is read as '70B' is", 1, (("70b",),)),
        Property("'8x7B' is refused with ValueError", 1, (("8x7B",),)),
        Property(
            "a blank before the letter, commas between thousands and no letter at all are read",
            1,
            (("175 B",), ("1,250M",), ("124,439,808",)),
            hidden=True,
        ),
        Property(
            "what is no count is refused with ValueError",
            1,
            (("GPT-2 774M",), ("B",), ("many",), ("",), ("NaN",), ("inf",), ("-5B",)),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            read_count_as_in_a,
            "You look for capital letters only, as document A §2.1 does in parse_params. Many "
            "model names write a small b.",
        ),
        Wrong(
            experts_multiplied,
            "You multiply 8 by 7B. '8x7B' is a name: the eight experts share attention and "
            "embeddings, so Mixtral 8x7B has 46.7B parameters and not 56B. Refuse it.",
        ),
        Wrong(
            digits_only,
            "You keep the digits and drop what stands between them, so '8x7B' is read as 87B. "
            "A text that is not wholly understood is better refused than guessed.",
        ),
        Wrong(
            whole_numbers_only,
            "int() refuses the decimal point of '1.4T'. Read the number with float().",
        ),
        Wrong(
            none_for_unreadable,
            "You hand back None for a text that you cannot read. A caller would go on "
            "computing with it: raise ValueError instead.",
        ),
        Wrong(
            in_billions,
            "You count in billions. Give the plain number: 13B is 13e9.",
        ),
        Wrong(
            no_commas,
            "You refuse commas between thousands, which float() does not read. Remove them first.",
        ),
    ),
    right=(read_count_by_pattern,),
    units=("prefix",),
    own=True,
)

# --- 00.5 ----------------------------------------------------------------------------------------


def h100_days(flops, n_gpus, mfu):
    if not 0 < mfu <= 1:
        raise ValueError(f"mfu must be in (0, 1], got {mfu}")
    return flops / (n_gpus * 989.4e12 * mfu) / 86_400


def h100_days_through_gpu_days(flops, n_gpus, mfu):
    from course.units import between, positive

    one_gpu = 1979e12 / 2 * between("mfu", positive("mfu", mfu), 0, 1) * 24 * 60 * 60
    return flops / one_gpu / n_gpus


E00_5 = Exercise(
    id="00.5",
    name="h100_days",
    title="Days on a cluster",
    minutes=9,
    difficulty=2,
    reference=h100_days,
    properties=(
        Property(
            "GPT-3's compute on 1,000 H100 at an MFU of 0.4 takes 9.2 days",
            1,
            ((_GPT_3["flops"], 1_000, 0.4),),
            rel_tol=0.002,
        ),
        Property(
            "half the MFU takes twice the days, four times the GPUs a quarter of them",
            1,
            ((_GPT_3["flops"], 1_000, 0.2), (_GPT_3["flops"], 4_000, 0.4)),
            rel_tol=0.002,
        ),
        Property("an MFU of 1.04 is refused with ValueError", 1, ((1e21, 8, 1.04),)),
        Property(
            "other runs come out right, an MFU of exactly 1 among them",
            1,
            ((2.5e24, 6_144, 0.46), (7e17, 1, 1.0)),
            hidden=True,
            rel_tol=0.002,
        ),
        Property(
            "an MFU of zero, below zero or in percent is refused with ValueError",
            1,
            ((1e22, 64, 0.0), (1e22, 64, -0.35), (1e22, 64, 37.0)),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"flops / (n_gpus * 989.4e12 * mfu)": "flops * mfu / (n_gpus * 989.4e12)"},
            "You multiply the compute by the MFU, so a wasteful run ends sooner. The MFU "
            "shrinks what the GPUs deliver: it belongs under the line, beside the peak.",
        ),
        Wrong(
            {"989.4e12": "1979e12"},
            "Your days are half of what they should be: 1,979 TFLOP/s counts zeros that are "
            "skipped (the sparsity of the footnote). Dense training has 989.4.",
        ),
        Wrong(
            {"86_400": "3_600"},
            "Your answer is in hours. A day has 86,400 seconds.",
        ),
        Wrong(
            {"989.4e12 * mfu": "989.4e12"},
            "You let every GPU run at its peak all the time. Only the share `mfu` of the peak "
            "is used.",
        ),
        Wrong(
            {"n_gpus * ": ""},
            "You give GPU-days, the work of one GPU. A thousand of them share it.",
        ),
        Wrong(
            {"989.4e12": "989.4e9"},
            "Your days are 1,000 times too many: 989.4e9 FLOP/s is giga (G). A TFLOP/s is "
            "1e12 FLOP/s.",
        ),
        Wrong(
            {"not 0 < mfu <= 1": "False"},
            "Your formula is right, but it takes an MFU above 1 without complaint. No GPU does "
            "more than its peak: check first that 0 < mfu <= 1, and raise ValueError if not.",
        ),
        Wrong(
            {
                "not 0 < mfu <=": "mfu >",
                'f"mfu must be in (0, 1], got {mfu}': '"mfu must not be above 1',
            },
            "You refuse an MFU above 1, but not one of zero or below, where no run would end.",
        ),
    ),
    right=(h100_days_through_gpu_days,),
    units=("time", "prefix"),
)

# --- 00.6 ----------------------------------------------------------------------------------------


E00_6 = Exercise(
    id="00.6",
    name="orders_too_high",
    title="The price of a FLOP",
    minutes=8,
    difficulty=3,
    reference=math.log10(_USD_PER_FLOP_IN_A / _USD_PER_FLOP),
    properties=(
        Property("the number of orders of magnitude is right to one decimal", 4, rel_tol=0.007),
    ),
    wrong=(
        Wrong(
            # a hair below 2.128, so that 2.1 is told the same
            math.log10(_USD_PER_FLOP_IN_A / (_USD_PER_FLOP * 3_600)) - 0.014,
            "2.1 comes out when the price of an hour is divided by the FLOP of a second. An "
            "hour has 3,600 seconds.",
        ),
        Wrong(
            math.log10(_USD_PER_FLOP_IN_A / (_USD_PER_FLOP * _MFU)),
            "6.1 comes out when the GPU works at its peak all the time. At an MFU of 0.4 you "
            "pay for the other 60 % too, so each FLOP costs more.",
        ),
        Wrong(
            math.log10(_USD_PER_FLOP_IN_A / (_USD_PER_FLOP * _PEAK / 1979e12)),
            "6.0 comes out with 1,979 TFLOP/s, the peak with sparsity. Dense training has "
            "989.4. (If you only rounded to 6: give one decimal.)",
        ),
        Wrong(
            0.0,
            "0 says that the price in document A §5.1 is right. Work out the price of a FLOP "
            "from the hourly price of a GPU, and compare.",
        ),
        Wrong(
            math.log(_USD_PER_FLOP_IN_A / _USD_PER_FLOP),
            "13.1 is the natural logarithm. Orders of magnitude count powers of ten: math.log10.",
        ),
        Wrong(
            _USD_PER_FLOP_IN_A / _USD_PER_FLOP,
            "This is the ratio itself. Its order of magnitude is its logarithm to base ten.",
        ),
        Wrong(
            math.log10(_USD_PER_FLOP / _USD_PER_FLOP_IN_A),
            "Your ratio is upside down. The question is how far the document's price is above "
            "the real one, so the answer is positive.",
        ),
    ),
    right=(5.7, 5.68, math.log10(1e-12) - math.log10(2.95 / (989.5e12 * 0.4 * 60 * 60))),
)

EXERCISES = [E00_1, E00_2, E00_3, E00_4, E00_5, E00_6]
