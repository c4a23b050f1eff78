"""What decides the points of 05_inference_and_edge. Never released.

Every answer below stands alone (its imports inside): the tests paste its source into the exercise.
The references use neither course.accounting nor course.inference; some of the right alternatives
do, so that the two agree is tested too.
"""

from course.classroom.judge import Case, Exercise, Property, Wrong
from course.evidence import fact


def two_for_training(small, large, n_inference_tokens):
    (n_1, d_1), (n_2, d_2) = small, large
    bills = [n * (2 * d + 2 * n_inference_tokens) for n, d in (small, large)]
    return {
        "times_training": [n_inference_tokens / d for d in (d_1, d_2)],
        "cheaper": "small" if bills[0] < bills[1] else "large",
        "even_at": max(0, (n_1 * d_1 - n_2 * d_2) / (n_2 - n_1)),
    }


# --- 05.1 ----------------------------------------------------------------------------------------


def answer_flops(n_params, prompt_tokens, answer_tokens):
    return 2 * n_params * (prompt_tokens + answer_tokens)


def answer_flops_in_two_phases(n_params, prompt_tokens, answer_tokens):
    import numpy as np

    prefill = np.full(int(prompt_tokens), 2 * n_params)
    decoding = np.full(int(answer_tokens), 2 * n_params)
    return prefill.sum(dtype=float) + decoding.sum(dtype=float)


def answer_flops_as_a_third_of_training(n_params, prompt_tokens, answer_tokens):
    from course.accounting.training import training_flops

    return training_flops(n_params, prompt_tokens + answer_tokens) / 3


def everything_read_anew(n_params, prompt_tokens, answer_tokens):
    passed = sum(prompt_tokens + i for i in range(1, answer_tokens + 1))
    return 2 * n_params * passed


E05_1 = Exercise(
    id="05.1",
    name="answer_flops",
    title="The FLOP of an answer",
    minutes=6,
    difficulty=1,
    reference=answer_flops,
    properties=(
        Property(
            "a model of 7B, a prompt of 500 tokens and an answer of 200 take 9.8e12 FLOP",
            1,
            (Case((7e9, 500, 200), 9.8e12),),
        ),
        Property(
            "a long prompt with a short answer takes as much as the other way round",
            1,
            ((70.6e9, 8_000, 20), (70.6e9, 20, 8_000)),
        ),
        Property(
            "other sizes, and an answer of one token, come out right",
            1,
            ((4.05e11, 1_733, 617), (1.24e8, 37, 1)),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"return 2 ": "return 6 "},
            "6 FLOP for each parameter and token, as document A §5.1 has it, is training: 2 "
            "forward and 4 backward. An answer has no backward pass, so yours is 3 times too "
            "much.",
        ),
        Wrong(
            {"2 * n_params": "n_params"},
            "You count one FLOP for each parameter and token. A token is multiplied with the "
            "parameter and the product is added to a sum: that makes two.",
        ),
        Wrong(
            {"(prompt_tokens + answer_tokens)": "answer_tokens"},
            "You count the answer only. The model must read the prompt as well, and each of "
            "its tokens passes all parameters too.",
        ),
        Wrong(
            {"(prompt_tokens + answer_tokens)": "prompt_tokens"},
            "You count the prompt only. The tokens of the answer pass the model too, one after "
            "the other.",
        ),
        Wrong(
            {"+ answer_tokens)": "+ answer_tokens - 1)"},
            "You leave out the last token of the answer. It need not pass the model, that is "
            "true; here it is counted all the same.",
        ),
        Wrong(
            everything_read_anew,
            "You let the whole text pass anew for each token of the answer. The KV cache keeps "
            "what was worked out, so each token passes once. (Document B §9 Q4 says that "
            "dynamic graphs save repeated work: they do not.)",
        ),
        Wrong(
            {
                "return 2 * n_params * (prompt_tokens + answer_tokens)": (
                    "passed = sum(prompt_tokens + i for i in range(answer_tokens))\n"
                    "    return 2 * n_params * passed"
                )
            },
            "You let prompt and answer pass anew for each token that is written. The KV cache "
            "keeps what was worked out, so each token passes once.",
        ),
        Wrong(
            {"(prompt_tokens + answer_tokens)": "prompt_tokens * answer_tokens"},
            "You multiply prompt and answer. Each token passes the model once: add them.",
        ),
    ),
    right=(answer_flops_in_two_phases, answer_flops_as_a_third_of_training),
    units=("factor",),
)

# --- 05.2 ----------------------------------------------------------------------------------------

_H100 = fact("hw.H100").value

_PEAK, _BANDWIDTH = _H100["bf16_flop_per_s"], _H100["bandwidth_bytes_per_s"]

_USD = float(fact("price.h100"))


def annual_cost(n_params, tokens_per_year, usd_per_gpu_hour, peak_flop_per_s, mfu):
    gpu_seconds = 2 * n_params * tokens_per_year / (peak_flop_per_s * mfu)
    return gpu_seconds / 3_600 * usd_per_gpu_hour


def annual_cost_by_price_of_a_flop(
    n_params, tokens_per_year, usd_per_gpu_hour, peak_flop_per_s, mfu
):
    flop_per_hour = peak_flop_per_s * mfu * 60 * 60
    usd_per_flop = usd_per_gpu_hour / flop_per_hour
    return usd_per_flop * 2 * n_params * tokens_per_year


def annual_cost_by_price_of_a_token(
    n_params, tokens_per_year, usd_per_gpu_hour, peak_flop_per_s, mfu
):
    from course.inference.roofline import usd_per_million_tokens

    tokens_per_s = peak_flop_per_s * mfu / (2 * n_params)
    return usd_per_million_tokens(tokens_per_s, usd_per_gpu_hour) * tokens_per_year / 1e6


E05_2 = Exercise(
    id="05.2",
    name="annual_cost",
    title="The bill of a year",
    minutes=10,
    difficulty=1,
    reference=annual_cost,
    properties=(
        Property(
            "work that keeps a GPU busy for one hour costs the price of that hour",
            1,
            (Case((1e9, 9e8, 2.0, 1e15, 0.5), 2.0),),
        ),
        Property(
            "document A's 7B model and 1e9 tokens a year, on an H100 at 2.95 dollars an hour, "
            "30 % used: 38.65 dollars",
            2,
            ((7e9, 1e9, _USD, _PEAK, 0.3),),
            rel_tol=1e-4,
        ),
        Property(
            "other models, traffic and GPUs come out right",
            1,
            ((70.6e9, 3.17e12, 1.37, 312e12, 0.41), (1.24e9, 8.3e7, 0.48, 121e12, 0.17)),
            hidden=True,
            rel_tol=1e-4,
        ),
    ),
    wrong=(
        Wrong(
            {
                "gpu_seconds = 2 * n_params * tokens_per_year / (peak_flop_per_s * mfu)\n    return gpu_seconds / 3_600 * usd_per_gpu_hour": "return n_params * 6 * 1e9 * 1e-12 * 365 * 24 * 3600"
            },
            "This is document A §5.1 as printed: 1.3 quadrillion dollars, twelve times what "
            "the whole world produces in a year. Three of its factors are wrong: the work of a "
            "token, the price of a FLOP, and the seconds of a year. Mend them one by one.",
        ),
        Wrong(
            {
                "gpu_seconds = 2 * n_params * tokens_per_year / (peak_flop_per_s * mfu)\n    return gpu_seconds / 3_600 * usd_per_gpu_hour": "return n_params * 6 * tokens_per_year * 1e-12"
            },
            "The seconds of a year are gone, rightly. Two of document A's factors are still "
            "wrong: 6 FLOP for each parameter and token, and 1e-12 dollars for a FLOP.",
        ),
        Wrong(
            {"= 2 ": "= 6 "},
            "Your bill is 3 times too high: 6 FLOP for each parameter and token is training. "
            "An answer takes 2.",
        ),
        Wrong(
            {
                "gpu_seconds = 2 * n_params * tokens_per_year / (peak_flop_per_s * mfu)\n    return gpu_seconds / 3_600 * usd_per_gpu_hour": "return 2 * n_params * tokens_per_year * 1e-12"
            },
            "Your work is right, but 1e-12 dollars for a FLOP is document A's price, and no "
            "source has it. Work out what an hour of this GPU costs, and how many FLOP it does "
            "in that hour.",
        ),
        Wrong(
            {"usd_per_gpu_hour\n": "usd_per_gpu_hour * 365 * 24 * 3600\n"},
            "You multiply by the seconds of a year, as document A §5.1 does. The tokens are "
            "those of a year already, not of a second.",
        ),
        Wrong(
            {" / 3_600": ""},
            "You divide the price of an hour by the FLOP of a second: 3,600 times too high. An "
            "hour has 3,600 seconds.",
        ),
        Wrong(
            {
                (
                    "gpu_seconds = 2 * n_params * tokens_per_year / (peak_flop_per_s * mfu)\n"
                    "    return gpu_seconds"
                ): "return 2 * n_params * tokens_per_year / peak_flop_per_s"
            },
            "You let the GPU work at its peak all the time. Only the share `mfu` of the peak "
            "is used, and the hour is paid in full.",
        ),
        Wrong(
            {
                (
                    "gpu_seconds = 2 * n_params * tokens_per_year / (peak_flop_per_s * mfu)\n"
                    "    return gpu_seconds"
                ): "return 2 * n_params * tokens_per_year * mfu / peak_flop_per_s"
            },
            "You multiply the work by the utilisation, so a wasteful service is cheaper. The "
            "utilisation shrinks what an hour yields: it belongs under the line.",
        ),
        Wrong(
            {"gpu_seconds / 3_600 * usd": "365 * 24 * usd"},
            "You rent one GPU for the whole year, whatever it has to do. Work out first how "
            "many hours of it the tokens need.",
        ),
    ),
    right=(annual_cost_by_price_of_a_flop, annual_cost_by_price_of_a_token),
    units=("time", "factor"),
)

# --- 05.3 ----------------------------------------------------------------------------------------


def _llama(vocab_size, width, d_ff, layers, heads, kv_heads, *, tied=False):
    """A config with the keys of a config.json that say what is counted here."""
    return {
        "model_type": "llama",
        "vocab_size": vocab_size,
        "hidden_size": width,
        "intermediate_size": d_ff,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "tie_word_embeddings": tied,
    }


# The shapes that the models are published with, and one that can be counted on paper
_LLAMA_3_8B = _llama(128_256, 4096, 14_336, 32, 32, 8)

_LLAMA_32_1B = _llama(128_256, 2048, 8192, 16, 32, 8, tied=True)

_TOY = _llama(10, 4, 6, 1, 2, 1)


def llama_params(config):
    d, d_ff = config["hidden_size"], config["intermediate_size"]
    kv_width = d // config["num_attention_heads"] * config["num_key_value_heads"]
    attention = 2 * d * d + 2 * d * kv_width
    layer = attention + 3 * d * d_ff + 2 * d
    tables = 1 if config["tie_word_embeddings"] else 2
    return config["num_hidden_layers"] * layer + tables * config["vocab_size"] * d + d


def llama_params_matrix_by_matrix(config):
    from math import prod

    c = config
    d, head = c["hidden_size"], c["hidden_size"] // c["num_attention_heads"]
    q, kv = (d, d), (d, head * c["num_key_value_heads"])
    gate, down = (d, c["intermediate_size"]), (c["intermediate_size"], d)
    shapes = [q, kv, kv, q, gate, gate, down, (d,), (d,)] * c["num_hidden_layers"]
    shapes += [(c["vocab_size"], d), (d,)] + [(c["vocab_size"], d)] * (not c["tie_word_embeddings"])
    return sum(prod(shape) for shape in shapes)


E05_3 = Exercise(
    id="05.3",
    name="llama_params",
    title="Every parameter of a Llama",
    minutes=15,
    difficulty=2,
    reference=llama_params,
    properties=(
        Property("the toy model has 212 parameters", 1, (Case((_TOY,), 212),), rel_tol=1e-12),
        Property(
            "Llama-3-8B has 8,030,261,248",
            1,
            (Case((_LLAMA_3_8B,), 8_030_261_248),),
            rel_tol=1e-12,
        ),
        Property(
            "Llama-3.2-1B, whose head is its embedding, has 1,235,814,400",
            1,
            (Case((_LLAMA_32_1B,), 1_235_814_400),),
            rel_tol=1e-12,
        ),
        Property(
            "other shapes come out right, to the last parameter",
            2,
            (
                (_llama(32_016, 5120, 13_824, 40, 40, 40),),
                (_llama(151_936, 896, 4864, 24, 14, 2, tied=True),),
                (_llama(49_152, 576, 1536, 30, 9, 3, tied=True),),
            ),
            hidden=True,
            rel_tol=1e-12,
        ),
    ),
    wrong=(
        Wrong(
            {
                (
                    "attention = 2 * d * d + 2 * d * kv_width\n"
                    "    layer = attention + 3 * d * d_ff + 2 * d"
                ): "layer = 2 * d * d + 2 * d * kv_width + 3 * d * d_ff",
                "d + d": "d",
            },
            "You are short by a tiny share: the norms. Each layer has two, and one follows the "
            "last layer; each has as many weights as the model is wide.",
        ),
        Wrong(
            {
                (
                    "attention = 2 * d * d + 2 * d * kv_width\n    layer = attention"
                ): "layer = 2 * d * d + 2 * d * kv_width",
                "d + d": "d",
            },
            "You are short by exactly the width: one more norm follows the last layer.",
        ),
        Wrong(
            {
                (
                    "attention = 2 * d * d + 2 * d * kv_width\n"
                    "    layer = attention + 3 * d * d_ff + 2 *"
                ): "layer = 2 * d * d + 2 * d * kv_width + 3 * d * d_ff +"
            },
            "You count one norm in each layer. There are two: one before attention, one before "
            "the MLP.",
        ),
        Wrong(
            {'1 if config["tie_word_embeddings"] else 2': "2"},
            "You count the head even where it is tied. Then it is the embedding table once "
            "more, the same numbers in the same memory: count them once.",
        ),
        Wrong(
            {'1 if config["tie_word_embeddings"] else 2': "1"},
            "You leave out the head. Where it is not tied it is a second table of vocabulary "
            "times width, with numbers of its own.",
        ),
        Wrong(
            {'1 if config["tie_word_embeddings"] else 2': "0"},
            "You count the layers without any table of the vocabulary. Kaplan et al. count so; "
            "the size in a model's name holds the embedding, and the head too if it is not "
            "tied.",
        ),
        Wrong(
            {
                (
                    'kv_width = d // config["num_attention_heads"] * config["num_key_value_heads"]\n'
                    "    attention = 2 * d * d + 2 * d * kv_width\n"
                    "    layer = attention"
                ): "layer = 4 * d * d"
            },
            "You give every head keys and values of its own. With grouped-query attention "
            "there are only num_key_value_heads of each, so these two matrices are narrower.",
        ),
        Wrong(
            {
                (
                    "attention = 2 * d * d + 2 * d * kv_width\n    layer = attention + 3"
                ): "layer = 2 * d * d + 2 * d * kv_width + 2"
            },
            "Your MLP has two matrices. This one has a gate, which is a third: gate, up, down.",
        ),
        Wrong(
            {
                (
                    "attention = 2 * d * d + 2 * d * kv_width\n    layer = attention"
                ): "layer = d * d + 2 * d * kv_width"
            },
            "Your attention has three matrices: queries, keys, values. A fourth, of width "
            "times width, brings the heads together.",
        ),
        Wrong(
            {
                (
                    "attention = 2 * d * d + 2 * d * kv_width\n    layer = attention"
                ): "layer = 2 * d * d + 2 * d * kv_width",
                'config["num_hidden_layers"] * layer': "layer",
            },
            "You count one layer. The model has `num_hidden_layers` of them, all alike.",
        ),
        Wrong(
            {
                'config["num_hidden_layers"] * layer + tables * config["vocab_size"] * d + d': '12 * config["num_hidden_layers"] * d**2'
            },
            "12·layers·width² is a rule of thumb for models whose MLP is plain and four times "
            "as wide as the model. Count the matrices of this config.",
        ),
    ),
    right=(llama_params_matrix_by_matrix,),
    own=True,
    equivalent={
        "d // config['num_attention_heads'] → d / config['num_attention_heads']": (
            "the heads of every model divide its width"
        ),
    },
)

# --- 05.4 ----------------------------------------------------------------------------------------

_LLAMA_3_70B = _llama(128_256, 8192, 28_672, 80, 64, 8)

_LLAMA_2_7B = _llama(32_000, 4096, 11_008, 32, 32, 32)


def largest_batch(config, n_params, memory_gb, seq_len):
    head_dim = config["hidden_size"] // config["num_attention_heads"]
    per_token = 2 * config["num_hidden_layers"] * config["num_key_value_heads"] * head_dim * 2
    kv_bytes = per_token * seq_len
    room = memory_gb * 1e9 - 2 * n_params
    return {"kv_bytes": kv_bytes, "batch": max(0, int(room // kv_bytes))}


def largest_batch_by_filling(config, n_params, memory_gb, seq_len):
    queries_per_kv_head = config["num_attention_heads"] / config["num_key_value_heads"]
    keys = config["hidden_size"] / queries_per_kv_head * config["num_hidden_layers"] * seq_len
    one, used, batch = 4 * keys, 2 * n_params, 0  # keys and values, two bytes each
    while used + one <= memory_gb * 1e9:
        used, batch = used + one, batch + 1
    return {"batch": batch, "kv_bytes": one}


def largest_batch_from_the_library(config, n_params, memory_gb, seq_len):
    import numpy as np

    from course.accounting.transformer import TransformerShape

    kv_bytes = TransformerShape.from_config(config).kv_cache_bytes(1, seq_len, bytes_per_value=2)
    batch = np.floor((memory_gb * 1e9 - 2 * n_params) / kv_bytes)
    return {"kv_bytes": kv_bytes, "batch": np.maximum(0, batch)}


def cache_in_every_head(config, n_params, memory_gb, seq_len):
    kv_bytes = 4 * config["num_hidden_layers"] * config["hidden_size"] * seq_len
    room = memory_gb * 1e9 - 2 * n_params
    return {"kv_bytes": kv_bytes, "batch": max(0, int(room // kv_bytes))}


def head_width_from_kv_heads(config, n_params, memory_gb, seq_len):
    head_dim = config["hidden_size"] // config["num_key_value_heads"]
    per_token = 2 * config["num_hidden_layers"] * config["num_attention_heads"] * head_dim * 2
    kv_bytes = per_token * seq_len
    room = memory_gb * 1e9 - 2 * n_params
    return {"kv_bytes": kv_bytes, "batch": max(0, int(room // kv_bytes))}


E05_4 = Exercise(
    id="05.4",
    name="largest_batch",
    title="What the KV cache leaves room for",
    minutes=14,
    difficulty=2,
    reference=largest_batch,
    properties=(
        Property(
            "Llama-3-8B with 8,192 tokens in 24 GB: 1.074e9 bytes a sequence, and 7 fit",
            {"kv_bytes": 1, "batch": 1},
            (Case((_LLAMA_3_8B, 8.03e9, 24, 8_192), {"kv_bytes": 2**30, "batch": 7}),),
        ),
        Property(
            "Llama-2-7B with 4,096 tokens in 80 GB: twice that, and 30 fit",
            1,
            (Case((_LLAMA_2_7B, 6.74e9, 80, 4_096), {"kv_bytes": 2**31, "batch": 30}),),
        ),
        Property(
            "Llama-3-70B does not fit in 80 GB at all: a batch of 0",
            1,
            ((_LLAMA_3_70B, 70.6e9, 80, 1_024),),
        ),
        Property(
            "other models, memories and lengths come out right",
            1,
            (
                (_LLAMA_3_70B, 70.6e9, 180, 13_000),
                (_LLAMA_32_1B, 1.24e9, 8, 33_500),
                (_LLAMA_2_7B, 6.74e9, 16, 617),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            cache_in_every_head,
            "You keep keys and values of every head of the queries. With grouped-query "
            "attention several of them share one: only num_key_value_heads are kept.",
        ),
        Wrong(
            {"2 * config": "config"},
            "Your cache is half of what it should be: there is a key and a value for each token.",
        ),
        Wrong(
            {
                (
                    'per_token = 2 * config["num_hidden_layers"] * config["num_key_value_heads"] * head_dim * 2\n'
                    "    kv_bytes = per_token"
                ): 'kv_bytes = 2 * config["num_key_value_heads"] * head_dim * 2'
            },
            "You count the cache of one layer. Each layer keeps its own keys and values.",
        ),
        Wrong(
            head_width_from_kv_heads,
            "You divide the width among the heads of keys and values. A head is as wide as one "
            "of the queries: hidden_size / num_attention_heads; of these, "
            "num_key_value_heads are kept.",
        ),
        Wrong(
            {"head_dim * 2": "head_dim", "2 * n_params": "n_params"},
            "You count numbers, not bytes. In bf16 each takes 2 bytes, in the cache and in the "
            "weights.",
        ),
        Wrong(
            {
                (
                    'per_token = 2 * config["num_hidden_layers"] * config["num_key_value_heads"] * head_dim * 2\n'
                    "    kv_bytes = per_token * seq_len"
                ): 'kv_bytes = 2 * config["num_hidden_layers"] * config["num_key_value_heads"] * head_dim * 2'
            },
            "Your cache is that of one token. A sequence keeps the keys and values of all its "
            "`seq_len` tokens.",
        ),
        Wrong(
            {"1e9": "2**30"},
            "You read `memory_gb` as GiB. A GB is 1e9 bytes; a GiB is 2**30 bytes, 7.4 % more.",
        ),
        Wrong(
            {"* 1e9 ": ""},
            "Nothing ever fits: you subtract bytes from GB. A GB is 1e9 bytes.",
        ),
        Wrong(
            {
                (
                    "room = memory_gb * 1e9 - 2 * n_params\n"
                    '    return {"kv_bytes": kv_bytes, "batch": max(0, int(room // kv_bytes)'
                ): 'return {"kv_bytes": kv_bytes, "batch": int(memory_gb * 1e9 // kv_bytes'
            },
            "You fill the whole memory with caches. The weights lie there too: take 2 bytes "
            "for each parameter off first.",
        ),
        Wrong(
            {"2 * n_params": "n_params"},
            "You take one byte for each weight, as document A §5.2 seems to when it puts 7B "
            "parameters into a phone of 8 GB. In bf16 a weight takes 2 bytes.",
        ),
        Wrong(
            {"int(room /": "round(room "},
            "You round to the nearest number. Nine tenths of a sequence are none: round down.",
        ),
        Wrong(
            {"int(room // kv_bytes)": "room / kv_bytes"},
            "Your batch is right before rounding. Only whole sequences fit: round down.",
        ),
        Wrong(
            {"max(0, int(room // kv_bytes)": "int(room // kv_bytes"},
            "Where the weights alone do not fit your batch is below zero. None fits: give 0.",
        ),
    ),
    right=(largest_batch_by_filling, largest_batch_from_the_library),
    units=("bytes", "factor"),
    equivalent={
        "config['hidden_size'] // config['num_attention_heads'] → "
        "config['hidden_size'] / config['num_attention_heads']": (
            "the heads of every model divide its width"
        ),
        "room // kv_bytes → room / kv_bytes": "int() rounds down what is above 0, the rest is 0",
    },
)

# --- 05.5 ----------------------------------------------------------------------------------------


def decode_step(n_params, kv_bytes_per_token, context, batch, flop_per_s, bytes_per_s):
    computing = 2 * n_params * batch / flop_per_s
    weights = 2 * n_params / bytes_per_s
    caches = kv_bytes_per_token * context * batch / bytes_per_s
    return {"seconds": max(computing, weights) + caches, "crossover": flop_per_s / bytes_per_s}


def decode_step_by_cases(n_params, kv_bytes_per_token, context, batch, flop_per_s, bytes_per_s):
    crossover = flop_per_s / bytes_per_s
    seconds = batch * context * kv_bytes_per_token / bytes_per_s
    if batch > crossover:
        seconds += batch * n_params / (flop_per_s / 2)
    else:
        seconds += n_params * 16 / 8 / bytes_per_s
    return {"crossover": crossover, "seconds": seconds}


def decode_step_under_the_roof(
    n_params, kv_bytes_per_token, context, batch, flop_per_s, bytes_per_s
):
    from course.accounting.hardware import Chip
    from course.inference.roofline import (
        arithmetic_intensity,
        attainable_flop_per_s,
        crossover_batch,
    )

    chip = Chip("a chip", {"bf16": flop_per_s}, 80e9, bytes_per_s, None, "the exercise")
    flops = 2 * n_params * batch
    roof = attainable_flop_per_s(arithmetic_intensity(flops, 2 * n_params), chip)
    caches = batch * context * kv_bytes_per_token / bytes_per_s
    return {"seconds": flops / roof + caches, "crossover": crossover_batch(chip, weight_bits=16)}


def caches_under_the_maximum(n_params, kv_bytes_per_token, context, batch, flop_per_s, bytes_per_s):
    computing = 2 * n_params * batch / flop_per_s
    moved = 2 * n_params + kv_bytes_per_token * context * batch
    return {
        "seconds": max(computing, moved / bytes_per_s),
        "crossover": flop_per_s / bytes_per_s,
    }


E05_5 = Exercise(
    id="05.5",
    name="decode_step",
    title="The roofline of a decoding step",
    minutes=16,
    difficulty=2,
    reference=decode_step,
    properties=(
        Property(
            "Llama-3-8B on an H100, one sequence of 8,192 tokens: 5.11 ms; crossover at 295",
            {"seconds": 1, "crossover": 1},
            ((8.03e9, 131_072, 8_192, 1, _PEAK, _BANDWIDTH),),
            rel_tol=1e-5,
        ),
        Property(
            "512 sequences of 128 tokens: 10.9 ms, and computing hides the reading of weights",
            1,
            ((8.03e9, 131_072, 128, 512, _PEAK, _BANDWIDTH),),
            rel_tol=1e-5,
        ),
        Property(
            "other models and chips come out right, on both sides of the crossover",
            2,
            (
                (70.6e9, 327_680, 3_777, 113, 2.25e15, 7.7e12),
                (1.24e9, 32_768, 219, 731, 121e12, 300e9),
            ),
            hidden=True,
            rel_tol=1e-5,
        ),
    ),
    wrong=(
        Wrong(
            {"max(computing, weights)": "computing + weights"},
            "You add the times of computing and of reading the weights, as document A §5.1 "
            "adds the costs of compute and memory. A chip does both at once, so the longer "
            "one counts. (The sum is a cautious guess: never too low, at most twice too high.)",
        ),
        Wrong(
            {"max": "min"},
            "You take the shorter of the two times. The step is over when both are done: max.",
        ),
        Wrong(
            caches_under_the_maximum,
            "You let the reading of the caches hide behind computing too. Here attention comes "
            "after the products, and it only reads: its time is added.",
        ),
        Wrong(
            {"* batch / flop_per_s\n": "* batch * context / flop_per_s\n"},
            "You count the work of reading the whole context anew. That is prefill, done once. "
            "A step of decoding computes one token of each sequence.",
        ),
        Wrong(
            {"computing = 2 * ": "computing = 6 * ", "/ bytes_per_s}": "/ bytes_per_s / 3}"},
            "You count 6 FLOP for each parameter and token, which is training. A forward pass "
            "takes 2.",
        ),
        Wrong(
            {"n_params * batch / ": "n_params / "},
            "You compute for one sequence only. Each of the `batch` sequences gets a token.",
        ),
        Wrong(
            {
                "n_params / ": "n_params * batch / ",
            },
            "You read the weights once for each sequence. They are read once and serve the "
            "whole batch: that is what a batch is good for.",
        ),
        Wrong(
            {
                (
                    "caches = kv_bytes_per_token * context * batch / bytes_per_s\n"
                    '    return {"seconds": max(computing, weights) + caches'
                ): 'return {"seconds": max(computing, weights)'
            },
            "You leave out the caches. Each sequence's keys and values must be read to give it "
            "its next token.",
        ),
        Wrong(
            {"context * batch / ": "context / "},
            "You read one cache. Each of the `batch` sequences has a cache of its own.",
        ),
        Wrong(
            {
                "weights = 2 * n_params / ": "weights = n_params / ",
                "/ bytes_per_s}": "/ bytes_per_s / 2}",
            },
            "You read one byte for each weight. In bf16 it is two.",
        ),
        Wrong(
            {"flop_per_s / bytes_per_s": "bytes_per_s / flop_per_s"},
            "Your crossover is upside down. It should be FLOP/s divided by bytes/s.",
        ),
        Wrong(
            {
                'return {"seconds": max(computing, weights) + caches, "crossover": flop_per_s / bytes_per_s': (
                    "crossover = flop_per_s / bytes_per_s / 2\n"
                    '    return {"seconds": max(computing, weights) + caches, "crossover": crossover'
                )
            },
            "Your time is right, but your crossover is half of what it should be. Set "
            "2·N·batch / flop_per_s equal to 2·N / bytes_per_s: both twos go.",
        ),
    ),
    right=(decode_step_by_cases, decode_step_under_the_roof),
    units=("factor",),
)

# --- 05.6 ----------------------------------------------------------------------------------------


def compressed(n_params, bits, sparsity, memory_gb):
    bits_per_param = bits * (1 - sparsity) + (1 if sparsity > 0 else 0)
    gb = n_params * bits_per_param / 8 / 1e9
    return {
        "gb": gb,
        "times_fp32": 32 / bits_per_param,
        "times_bf16": 16 / bits_per_param,
        "fits": gb <= memory_gb,
    }


def compressed_from_sizes(n_params, bits, sparsity, memory_gb):
    import numpy as np

    kept, mask = n_params * (1 - np.float64(sparsity)), n_params / 8 * bool(sparsity)
    size = kept * bits / 8 + mask
    fp32 = 4 * n_params
    return {
        "fits": size <= memory_gb * 1e9,
        "gb": size / 1e9,
        "times_bf16": fp32 / size / 2,
        "times_fp32": fp32 / size,
    }


def compressed_with_the_library(n_params, bits, sparsity, memory_gb):
    from course.inference.edge import CompressionPlan

    plan = CompressionPlan(n_params, bits=bits, sparsity=sparsity, mask="bitmask")
    gb = plan.weight_bytes / 1e9
    return {
        "gb": gb,
        "times_fp32": plan.compression(32),
        "times_bf16": plan.compression(16),
        "fits": gb <= memory_gb,
    }


def expected_compression_of_a(n_params, bits, sparsity, memory_gb):
    times = 16 if bits == 4 else 4
    gb = 4 * n_params / times / 1e9
    return {"gb": gb, "times_fp32": times, "times_bf16": times, "fits": gb <= memory_gb}


E05_6 = Exercise(
    id="05.6",
    name="compressed",
    title="Sixteen times smaller?",
    minutes=12,
    difficulty=2,
    reference=compressed,
    properties=(
        Property(
            "in 8 GB of memory: 7B at 4 bits, half dropped, take 2.625 GB, 10.7 times smaller than "
            "fp32, 5.3 than bf16; a fifth dropped, 3.675 GB instead of 3.5; 13B at 8 bits, nothing "
            "dropped, 13 GB, 4 and 2 times smaller, and do not fit",
            {"gb": 1, "times_fp32": 1, "times_bf16": 1, "fits": 1},
            ((7e9, 4, 0.5, 8), (7e9, 4, 0.2, 8), (13e9, 8, 0, 8)),
        ),
        Property(
            "other plans and sizes come out right, one that takes exactly the memory among them",
            1,
            (
                (1.75e11, 4, 0.5, 64),
                (13.1e9, 8, 0.2, 13),
                (6.74e9, 3, 0.875, 1.31),
                (16e9, 4, 0, 8),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            expected_compression_of_a,
            "These are the figures of document A §5.2. Its 16 times is 32/4/0.5: counted from "
            "fp32, with a mask that takes no space. And it says 4 times for 8 bits, pruned or "
            "not, from fp32 or not. Work out the bits of a weight.",
        ),
        Wrong(
            {" + (1 if sparsity > 0 else 0)": ""},
            "Your mask takes no space, as in document A §5.2. Without it nobody knows which "
            "weights are left: one bit for every weight of the model, once any are dropped.",
        ),
        Wrong(
            {
                "bits * (1 - sparsity) + (1 if sparsity > 0 else 0)": "(bits + (1 if sparsity > 0 else 0)) * (1 - sparsity)"
            },
            "Your mask has a bit for each weight that is kept. It must speak of the dropped "
            "ones too: one bit for every weight.",
        ),
        Wrong(
            {"(1 if sparsity > 0 else 0)": "1"},
            "You store a mask even where nothing is dropped. Then every weight is there, and "
            "no mask is needed.",
        ),
        Wrong(
            {"(1 if": "(8 if"},
            "Your mask takes a byte for each weight. To be kept or not is one bit.",
        ),
        Wrong(
            {
                "bits * (1 - sparsity) + (1 if sparsity > 0 else 0)": "bits * sparsity + 1 if sparsity > 0 else bits"
            },
            "You store the share that is dropped. `sparsity` of the weights go, 1 - sparsity stay.",
        ),
        Wrong(
            {"bits * (1 - sparsity) + (1 if sparsity > 0 else 0)": "bits"},
            "Your sizes do not depend on the sparsity. A dropped weight takes no bits, only "
            "its place in the mask.",
        ),
        Wrong(
            {"16 / bits": "32 / bits"},
            'You count from 32 bits both times. A model in bf16 starts from 16: "times_bf16" '
            "is half as much.",
        ),
        Wrong(
            {" / 8 ": " "},
            "Your size is 8 times too large: a byte is 8 bits.",
        ),
        Wrong(
            {
                "32 / bits_per_param": "bits_per_param / 32",
                "16 / bits_per_param": "bits_per_param / 16",
            },
            "You give the share that is left over. How many times smaller is the other way "
            "round: before / after.",
        ),
    ),
    right=(compressed_from_sizes, compressed_with_the_library),
    units=("bytes",),
)

# --- 05.7 ----------------------------------------------------------------------------------------


def speedup(acceptance, n_draft, cost_ratio):
    tokens = sum(acceptance**i for i in range(n_draft + 1))
    return tokens / (n_draft * cost_ratio + 1)


def speedup_by_the_closed_form(acceptance, n_draft, cost_ratio):
    if acceptance == 1:
        tokens = n_draft + 1
    else:
        tokens = (1 - acceptance ** (n_draft + 1)) / (1 - acceptance)
    return tokens / (1 + cost_ratio * n_draft)


def speedup_by_chances(acceptance, n_draft, cost_ratio):
    import numpy as np

    k = np.arange(n_draft + 1)  # how many drafted tokens were accepted
    chance = acceptance**k * np.where(k < n_draft, 1 - acceptance, 1)
    return np.sum(chance * (k + 1)) / (n_draft * cost_ratio + 1)


def speedup_from_the_library(acceptance, n_draft, cost_ratio):
    from course.inference.serving import speculative_speedup

    return speculative_speedup(acceptance, n_draft, cost_ratio)


def share_of_all(acceptance, n_draft, cost_ratio):
    return (n_draft + 1) * acceptance / (n_draft * cost_ratio + 1)


def each_for_itself(acceptance, n_draft, cost_ratio):
    return (1 + n_draft * acceptance) / (n_draft * cost_ratio + 1)


def all_or_nothing(acceptance, n_draft, cost_ratio):
    return (1 + n_draft * acceptance**n_draft) / (n_draft * cost_ratio + 1)


def draft_costs_nothing(acceptance, n_draft, cost_ratio):
    return sum(acceptance**i for i in range(n_draft + 1))


def one_draft_token_paid(acceptance, n_draft, cost_ratio):
    return sum(acceptance**i for i in range(n_draft + 1)) / (cost_ratio + 1)


def check_costs_nothing(acceptance, n_draft, cost_ratio):
    return sum(acceptance**i for i in range(n_draft + 1)) / (n_draft * cost_ratio)


def own_token_forgotten(acceptance, n_draft, cost_ratio):
    return sum(acceptance**i for i in range(1, n_draft + 1)) / (n_draft * cost_ratio + 1)


def last_token_forgotten(acceptance, n_draft, cost_ratio):
    return sum(acceptance**i for i in range(n_draft)) / (n_draft * cost_ratio + 1)


E05_7 = Exercise(
    id="05.7",
    name="speedup",
    title="A draft to be checked",
    minutes=10,
    difficulty=2,
    reference=speedup,
    properties=(
        Property(
            "a draft that is always right, 4 tokens at 0.05 each: 5 tokens in the time of 1.2",
            1,
            (Case((1.0, 4, 0.05), 5 / 1.2),),
        ),
        Property(
            "right 8 times in 10, 5 tokens at 0.05 each: 2.95 times as fast",
            1,
            ((0.8, 5, 0.05),),
        ),
        Property(
            "a poor and slow draft slows the model down: 0.65",
            1,
            ((0.3, 4, 0.3),),
        ),
        Property(
            "other drafts come out right",
            1,
            ((0.617, 3, 0.111), (0.93, 11, 0.023), (1, 7, 0.137)),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            share_of_all,
            "You count (n_draft + 1)·acceptance tokens. After the first wrong token all that "
            "follow are thrown away, however good; and the large model's own token is always "
            "right.",
        ),
        Wrong(
            each_for_itself,
            "You count every drafted token by itself. The third is of use only if the first "
            "and the second were right too: its chance is acceptance**3.",
        ),
        Wrong(
            all_or_nothing,
            "You keep the draft only if all of it is right. What stands before the first wrong "
            "token is kept.",
        ),
        Wrong(
            draft_costs_nothing,
            "Your tokens are right, but drafting takes time too: `cost_ratio` of a pass of the "
            "large model for each of the n_draft tokens.",
        ),
        Wrong(
            one_draft_token_paid,
            "You pay for one drafted token. The draft model makes n_draft of them, one after "
            "the other.",
        ),
        Wrong(
            check_costs_nothing,
            "You leave out the pass of the large model that checks the draft. It takes a time "
            "of 1.",
        ),
        Wrong(
            own_token_forgotten,
            "You count the accepted tokens only. The pass that checks them gives one token of "
            "the large model's own on top, even if all of the draft is wrong.",
        ),
        Wrong(
            last_token_forgotten,
            "Your sum is one term short. With all of the draft accepted there are "
            "n_draft + 1 tokens: the powers go from 0 to n_draft.",
        ),
        Wrong(
            {"tokens / (n_draft * cost_ratio + 1": "max(1, tokens / (n_draft * cost_ratio + 1)"},
            "You never let it be slower than without a draft. It can be: a poor draft costs "
            "time and gives nothing.",
        ),
        Wrong(
            {
                "sum(acceptance**i for i in range(n_draft + 1)": "(1 - acceptance ** (n_draft + 1)) / (1 - acceptance"
            },
            "Your formula divides by 1 - acceptance, which is 0 for a draft that is always "
            "right. Add the powers one by one, or treat 1 apart.",
        ),
    ),
    right=(speedup_by_the_closed_form, speedup_by_chances, speedup_from_the_library),
)

# --- 05.8 ----------------------------------------------------------------------------------------


def waiting_share(requests_per_s, service_s, n_gpus):
    busy = requests_per_s * service_s
    if busy >= n_gpus:
        raise ValueError(f"{n_gpus} GPUs are too few for {busy} busy ones: the queue never ends")
    term = total = 1.0
    for k in range(1, n_gpus):
        term *= busy / k
        total += term
    last = term * busy / (n_gpus - busy)
    return last / (total + last)


def waiting_share_through_blocking(requests_per_s, service_s, n_gpus):
    busy = requests_per_s * service_s
    if n_gpus <= busy:
        raise ValueError("more work comes in than goes out")
    blocked = 1.0  # Erlang's loss formula, server by server
    for k in range(1, n_gpus + 1):
        blocked = busy * blocked / (k + busy * blocked)
    return n_gpus * blocked / (n_gpus - busy * (1 - blocked))


def waiting_share_in_logs(requests_per_s, service_s, n_gpus):
    import numpy as np

    busy = requests_per_s * service_s
    if not busy < n_gpus:
        raise ValueError(f"need more than {busy} GPUs")
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n_gpus + 1)))])
    logs = np.arange(n_gpus + 1) * np.log(busy) - log_factorial
    logs[-1] -= np.log(1 - busy / n_gpus)
    chances = np.exp(logs - logs.max())
    return chances[-1] / chances.sum()


def waiting_share_from_the_library(requests_per_s, service_s, n_gpus):
    from course.inference.queueing import mmc_queue

    return mmc_queue(requests_per_s, service_s, n_gpus).p_wait


def nobody_waits_as_in_a(requests_per_s, service_s, n_gpus):
    from math import ceil

    if n_gpus < ceil(requests_per_s * service_s):
        raise ValueError("requests per second over throughput asks for more GPUs")
    return 0.0


def one_queue_each(requests_per_s, service_s, n_gpus):
    utilisation = requests_per_s * service_s / n_gpus
    if utilisation >= 1:
        raise ValueError("too few GPUs")
    return utilisation


def all_busy_by_chance(requests_per_s, service_s, n_gpus):
    utilisation = requests_per_s * service_s / n_gpus
    if utilisation >= 1:
        raise ValueError("too few GPUs")
    return utilisation**n_gpus


def turned_away(requests_per_s, service_s, n_gpus):
    busy = requests_per_s * service_s
    if busy >= n_gpus:
        raise ValueError("too few GPUs")
    blocked = 1.0
    for k in range(1, n_gpus + 1):
        blocked = busy * blocked / (k + busy * blocked)
    return blocked


def factorials_too_large(requests_per_s, service_s, n_gpus):
    from math import factorial

    busy = requests_per_s * service_s
    if busy >= n_gpus:
        raise ValueError("too few GPUs")
    last = busy**n_gpus / factorial(n_gpus) / (1 - busy / n_gpus)
    return last / (sum(busy**k / factorial(k) for k in range(n_gpus)) + last)


E05_8 = Exercise(
    id="05.8",
    name="waiting_share",
    title="Who has to wait?",
    minutes=16,
    difficulty=3,
    reference=waiting_share,
    properties=(
        Property(
            "with one GPU the share that waits is its utilisation",
            1,
            (Case((0.3, 2, 1), 0.6),),
        ),
        Property(
            "of four GPUs that are busy 80 % or 95 % of the time: 60 % and 89 % wait",
            1,
            ((1.6, 2, 4), (1.9, 2, 4)),
        ),
        Property("too few GPUs are refused with ValueError", 1, ((3, 2, 4),)),
        Property("200 GPUs that are busy 95 % of the time: 37 % wait", 1, ((9.5, 20, 200),)),
        Property(
            "other services come out right, and just enough GPUs are too few",
            1,
            ((0.37, 1.9, 2), (11.3, 0.7, 9), (2, 2, 4)),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            nobody_waits_as_in_a,
            "You say that nobody waits once there are requests per second over throughput "
            "GPUs, as document A §5.1 does. Requests do not come evenly: several come at once, "
            "and then there is a queue.",
        ),
        Wrong(
            one_queue_each,
            "You give the utilisation, which is right for one GPU with a queue of its own. "
            "Here all share one queue: who comes waits only if all are busy.",
        ),
        Wrong(
            all_busy_by_chance,
            "You take each GPU to be busy by itself, and multiply. They are busy together, in "
            "the same rush, so all of them are busy far more often.",
        ),
        Wrong(
            turned_away,
            "This is Erlang's other formula, for requests that are turned away when all are "
            "busy. Here they wait, which keeps the GPUs busy for longer: the last term has the "
            "factor 1 / (1 - utilisation).",
        ),
        Wrong(
            {
                'f"{n_gpus} GPUs are too few for {busy} busy ones: the queue never ends': '"too few GPUs',
                "1, n_gpus)": "1, n_gpus + 1)",
                "* busy / (n_gpus - busy": "/ (1 - busy / n_gpus",
            },
            "You have the term with k = n_gpus twice: the sum stops at n_gpus - 1, and the "
            "last term is added once, with its factor.",
        ),
        Wrong(
            {
                'f"{n_gpus} GPUs are too few for {busy} busy ones: the queue never ends': '"too few GPUs',
                (
                    "last = term * busy / (n_gpus - busy)\n    return last / (total + last)"
                ): "return term * busy / (n_gpus - busy) / total",
            },
            "You divide by the sum alone. The last term belongs under the line as well: a "
            "share is a part over the whole.",
        ),
        Wrong(
            {
                (
                    "    if busy >= n_gpus:\n"
                    '        raise ValueError(f"{n_gpus} GPUs are too few for {busy} busy ones: the queue never ends")\n'
                ): ""
            },
            "Your formula is right, but it takes any load. Where more work comes in than all "
            "GPUs can do, the queue grows for ever: raise ValueError.",
        ),
        Wrong(
            {
                "busy >= n_gpus:\n": "busy > n_gpus:\n",
                'f"{n_gpus} GPUs are too few for {busy} busy ones: the queue never ends': '"too few GPUs',
            },
            "You refuse a load above all GPUs, but not one that just fills them. It leaves no "
            "time to work off a queue, so that one never ends either.",
        ),
        Wrong(
            factorials_too_large,
            "Your formula is right, but busy**k and the factorial of k become too large for "
            "a computer's numbers. Each term is the one before times busy/k.",
        ),
    ),
    right=(
        waiting_share_through_blocking,
        waiting_share_in_logs,
        waiting_share_from_the_library,
    ),
)

# --- 05.9 ----------------------------------------------------------------------------------------


_LATE = "exp(-(n_gpus / service_s - requests_per_s) * max_wait_s)"


def gpus_needed(requests_per_s, service_s, max_wait_s):
    from math import exp

    busy, inverse_b, n_gpus = requests_per_s * service_s, 1.0, 0
    while True:
        n_gpus += 1
        inverse_b = 1 + n_gpus / busy * inverse_b
        if n_gpus > busy:
            share = 1 / (busy / n_gpus + (1 - busy / n_gpus) * inverse_b)
            if share * exp(-(n_gpus / service_s - requests_per_s) * max_wait_s) <= 0.01:
                return n_gpus


def gpus_needed_with_erlang_c(requests_per_s, service_s, max_wait_s):
    import numpy as np

    from course.inference.queueing import erlang_c

    busy = requests_per_s * service_s
    n_gpus = np.arange(1, 500)
    n_gpus = n_gpus[n_gpus > busy]
    spare = n_gpus / service_s - requests_per_s
    late = erlang_c(n_gpus, busy / n_gpus) * np.exp(-spare * max_wait_s)
    return n_gpus[late <= 0.01][0]


def gpus_needed_from_the_library(requests_per_s, service_s, max_wait_s):
    from course.inference.queueing import servers_needed

    return servers_needed(requests_per_s, service_s, max_wait_s, percentile=99)


def throughput_alone_as_in_a(requests_per_s, service_s, max_wait_s):
    from math import ceil

    gpu_throughput = 1 / service_s
    return ceil(requests_per_s / gpu_throughput)


def eighty_percent_busy(requests_per_s, service_s, max_wait_s):
    from math import ceil

    return ceil(requests_per_s * service_s / 0.8)


def a_queue_for_each_gpu(requests_per_s, service_s, max_wait_s):
    from math import exp

    busy = requests_per_s * service_s
    n_gpus = int(busy) + 1
    while True:
        spare = 1 / service_s - requests_per_s / n_gpus
        if busy / n_gpus * exp(-spare * max_wait_s) <= 0.01:
            return n_gpus
        n_gpus += 1


E05_9 = Exercise(
    id="05.9",
    name="gpus_needed",
    title="How many GPUs?",
    minutes=12,
    difficulty=3,
    reference=gpus_needed,
    properties=(
        Property(
            "10 requests a second of 2 s each, at most 0.5 s of waiting: 28 GPUs",
            1,
            ((10, 2, 0.5),),
        ),
        Property(
            "the same with up to 4 s of waiting: 23 GPUs",
            1,
            ((10, 2, 4),),
        ),
        Property(
            "one request in 2 s, each 2 s long, at most 1 s of waiting: 4 GPUs",
            1,
            ((0.5, 2, 1),),
        ),
        Property(
            "other services come out right, one that a single GPU holds among them",
            1,
            ((170, 0.31, 0.013), (3.3, 11, 2.9), (0.021, 5, 7.7), (0.0017, 5, 3.1)),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            throughput_alone_as_in_a,
            "This is document A §5.1: requests per second over throughput, rounded up. So many "
            "GPUs just keep up if requests come evenly. They do not, and the queue grows long, "
            "or for ever.",
        ),
        Wrong(
            eighty_percent_busy,
            "You take a fixed share of 80 % to be busy. It does not know how long a wait is "
            "allowed, and a small service needs more room than a large one.",
        ),
        Wrong(
            {" * exp(-(n_gpus / service_s - requests_per_s) * max_wait_s)": ""},
            "You let only 1 % wait at all. A wait of up to `max_wait_s` is allowed.",
        ),
        Wrong(
            {
                "* exp(-(n_gpus / service_s - requests_per_s) * max_wait_s) <= 0.01": "/ (n_gpus / service_s - requests_per_s) <= max_wait_s"
            },
            "You hold the mean wait to the limit. Then many wait longer: asked is that 99 % "
            "stay within it.",
        ),
        Wrong(
            {" - requests_per_s": ""},
            "Your queue empties as if no more requests came. They keep coming: the rate is "
            "n_gpus / service_s - requests_per_s.",
        ),
        Wrong(
            {
                "exp(-(n_gpus / service_s - requests_per_s) * max_wait_s)": "exp(-max_wait_s / service_s)"
            },
            "Your queue empties at the rate of one GPU, 1 / service_s. All of them work on it, "
            "while new requests come: n_gpus / service_s - requests_per_s.",
        ),
        Wrong(
            a_queue_for_each_gpu,
            "You give each GPU a queue of its own. With one queue for all, who is next goes to "
            "whichever GPU is free first, and fewer are needed.",
        ),
        Wrong(
            {"0.01": "0.99"},
            "You let 99 % wait too long. Of 99 % that are in time, 1 % is left: 0.01.",
        ),
        Wrong(
            {"0.01": "0.1"},
            "You let 10 % wait too long. Of 99 % that are in time, 1 % is left: 0.01.",
        ),
    ),
    right=(gpus_needed_with_erlang_c, gpus_needed_from_the_library),
    equivalent={
        "0 → -1": "a round with no GPU leaves the recursion at 1, where it starts",
        "n_gpus > busy → n_gpus >= busy": "with exactly as many GPUs as are busy all wait, 1 > 0.01",
        f"share * {_LATE} <= 0.01 → share * {_LATE} < 0.01": "no service meets 1 % to the last digit",
    },
)

# --- 05.10 ---------------------------------------------------------------------------------------

_SARDANA = fact("sardana.example_30B").value

_SMALL = [_SARDANA["n_params"], _SARDANA["n_train_tokens"]]

# Chinchilla-optimal by the constants of sardana.constants, to three digits
_LARGE = [_SARDANA["chinchilla_n_params"], 1.56e12]


def lifetime(small, large, n_inference_tokens):
    (n_1, d_1), (n_2, d_2) = small, large
    bills = [n * (6 * d + 2 * n_inference_tokens) for n, d in (small, large)]
    return {
        "times_training": [n_inference_tokens / (3 * d) for d in (d_1, d_2)],
        "cheaper": "small" if bills[0] < bills[1] else "large",
        "even_at": max(0, 3 * (n_1 * d_1 - n_2 * d_2) / (n_2 - n_1)),
    }


def lifetime_step_by_step(small, large, n_inference_tokens):
    import numpy as np

    n, d = np.array([small, large], dtype=float).T
    training, inference = 6 * n * d, 2 * n * n_inference_tokens
    start, slope = np.diff(training)[0], np.diff(2 * n)[0]  # the large bill minus the small one
    even_at = -start / slope
    return {
        "cheaper": ["small", "large"][np.argmin(training + inference)],
        "times_training": inference / training,
        "even_at": even_at if even_at > 0 else 0,
    }


def lifetime_with_the_library(small, large, n_inference_tokens):
    from course.accounting.training import training_flops
    from course.inference.lifetime import inference_over_training, inference_tokens_for

    times, bills = [], []
    for n_params, n_tokens in (small, large):
        times.append(inference_over_training(n_tokens, n_inference_tokens))
        bills.append(training_flops(n_params, n_tokens) * (1 + times[-1]))
    # The tokens that pay for what the small one cost more to train, at the difference of the sizes
    more = small[0] * small[1] - large[0] * large[1]
    even_at = inference_tokens_for(1.0, more / (large[0] - small[0])) if more > 0 else 0
    cheaper = "small" if bills[0] < bills[1] else "large"
    return {"times_training": times, "cheaper": cheaper, "even_at": even_at}


def training_forgotten(small, large, n_inference_tokens):
    return {
        "times_training": [n_inference_tokens / (3 * d) for _, d in (small, large)],
        "cheaper": "small" if small[0] < large[0] else "large",
        "even_at": 0,
    }


E05_10 = Exercise(
    id="05.10",
    name="lifetime",
    title="Train smaller, for longer",
    minutes=16,
    difficulty=3,
    reference=lifetime,
    properties=(
        Property(
            "16.4B on 3.27T tokens or 30B on 1.56T, asked for 5e12 tokens: inference costs 0.5 "
            "and 1.1 times the training, and the small one is cheaper, from 1.51e12 tokens on",
            2,
            ((_SMALL, _LARGE, _SARDANA["n_inference_tokens"]),),
        ),
        Property(
            "the same pair, asked for 1e12 tokens: the large one is cheaper",
            1,
            ((_SMALL, _LARGE, 1e12),),
        ),
        Property(
            "a small one that also costs less to train is cheaper from the first token on",
            1,
            (([8e9, 1e12], [70e9, 1e12], 2e12),),
        ),
        Property(
            "other pairs come out right, also when asked for a little more or less than makes both "
            "cost the same",
            1,
            (
                (_SMALL, _LARGE, 1.43e12),
                (_SMALL, _LARGE, 1.59e12),
                ([6.74e9, 9.1e12], [13.1e9, 1.83e12], 4.7e13),
                ([2.6e9, 3.19e12], [9.24e9, 8.11e11], 5.3e11),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"n_inference_tokens / (3 * d) for d in (d_1, d_2)": "10, 10"},
            "10 is what document A §6.2 says of every model, without evidence. It depends on "
            "how much the model is asked: inference takes 2·N for each token, training 6·N.",
        ),
        Wrong(
            {"+ 2 ": "+ 6 ", "(3 * d)": "d", "0, 3 * (n_1 ": "0, (n_1 "},
            "You count 6 FLOP for inference too, as document A §5.1 does, so it comes out 3 "
            "times too dear. It takes 2 for each parameter and token.",
        ),
        Wrong(
            {"(3 * d)": "d"},
            "Your ratio is one of tokens. A token of training costs 6 FLOP for each parameter, "
            "one of inference 2: it is 3 times smaller.",
        ),
        Wrong(
            {"n_inference_tokens / (3 * d)": "3 * d / n_inference_tokens"},
            "Your ratio is upside down. It should be inference divided by training.",
        ),
        Wrong(
            training_forgotten,
            "You forget what the training cost. The small model was trained on more tokens, "
            "and must be asked for a while before that pays.",
        ),
        Wrong(
            {
                "    bills = [n * (6 * d + 2 * n_inference_tokens) for n, d in (small, large)]\n": "",
                "bills[0] < bills[1]": "n_1 * d_1 < n_2 * d_2",
            },
            "You choose by the cost of training alone. Over its life a model is trained once "
            "and asked often: add the two.",
        ),
        Wrong(
            {
                'small" if bills[0] < bills[1] else "large': 'large" if bills[0] < bills[1] else "small'
            },
            "Your figures are right, but you name the dearer of the two models.",
        ),
        Wrong(
            {
                "max(0, 3 * (n_1 * d_1 - n_2 * d_2) / (n_2 - n_1)": "3 * (n_1 * d_1 - n_2 * d_2) / (n_2 - n_1"
            },
            'Where the small model costs less to train too, your "even_at" is below zero. '
            "It is cheaper from the first token on: give 0.",
        ),
    ),
    right=(lifetime_step_by_step, lifetime_with_the_library),
    units=("factor",),
    equivalent={
        "bills[0] < bills[1] → bills[0] <= bills[1]": "equal bills have no cheaper model",
    },
)

EXERCISES = [E05_1, E05_2, E05_3, E05_4, E05_5, E05_6, E05_7, E05_8, E05_9, E05_10]
