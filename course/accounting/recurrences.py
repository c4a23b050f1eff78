"""The recurrences of hybrid models and of state space models, each from its config.

Every function takes a `configs.Config` and gives a Recurrence. A state is counted as transformers
keeps it: the state proper and, where tokens pass a short convolution of K taps, its last K inputs.
"""

import math

from course.accounting.layers import Recurrence

_WRITE_AND_READ = 4  # 2 FLOP for each number of the state to write a token, 2 to read it
_DELTA_RULE = 6  # as before, and 2 to read what is stored under the token's key, to replace it


def mamba(c):
    """Mamba's, a state of `state_size` numbers for each of its channels. Gu and Dao 2023."""
    return _mamba(
        c,
        d_inner=c.whole("intermediate_size", int(c.number("expand", 2) * c.whole("hidden_size"))),
        d_state=c.whole("state_size", 16),
        n_taps=c.whole("conv_kernel", 4),
        conv_bias=c.flag("use_conv_bias", True),
        bias=c.flag("use_bias"),
        rank=c.get("time_step_rank", "auto"),
        rank_name="time_step_rank",
        normed=False,
    )


def jamba(c):
    """Mamba's, with norms of what it makes of a token. Lieber et al. 2024, arXiv:2403.19887."""
    return _mamba(
        c,
        d_inner=c.whole("mamba_expand", 2) * c.whole("hidden_size"),
        d_state=c.whole("mamba_d_state", 16),
        n_taps=c.whole("mamba_d_conv", 4),
        conv_bias=c.flag("mamba_conv_bias", True),
        bias=c.flag("mamba_proj_bias"),
        rank=c.get("mamba_dt_rank", "auto"),
        rank_name="mamba_dt_rank",
        normed=True,
    )


def mamba2(c):
    """Mamba 2's, a state of head width times `state_size` for each head. Dao and Gu 2024."""
    d_inner = int(c.number("expand", 2) * c.whole("hidden_size"))
    n_heads, head_dim = c.whole("num_heads"), c.whole("head_dim")
    if n_heads * head_dim != d_inner:
        raise ValueError(
            f"num_heads · head_dim must be expand · hidden_size = {d_inner}, "
            f"got {n_heads * head_dim}"
        )
    bias = c.flag("use_bias")
    return _mamba2(
        c.whole("hidden_size"),
        d_inner,
        n_heads,
        d_state=c.whole("state_size"),
        n_groups=c.whole("n_groups", 8),
        n_taps=c.whole("conv_kernel", 4),
        conv_bias=c.flag("use_conv_bias", True),
        in_bias=bias,
        out_bias=bias,
        normed=True,
    )


def bamba(c):
    """Mamba 2's, under the names that Bamba and Granite 4 have for it."""
    bias = c.flag("mamba_proj_bias")
    return _mamba2_of_a_hybrid(c, c.whole("mamba_expand", 2) * c.whole("hidden_size"), bias, True)


def falcon_h1(c):
    """Mamba 2's, of any width `mamba_d_ssm`, with its norm or without."""
    d_inner = c.whole("mamba_d_ssm", c.whole("mamba_expand", 2) * c.whole("hidden_size"))
    out_bias, normed = c.flag("projectors_bias"), c.flag("mamba_rms_norm")
    return _mamba2_of_a_hybrid(c, d_inner, out_bias, normed)


def gated_delta(c):
    """Gated DeltaNet's, a matrix for each head of values. Yang et al. 2024, arXiv:2412.06464."""
    d_model, n_taps = c.whole("hidden_size"), c.whole("linear_conv_kernel_dim", 4)
    qk_dim, v_dim = c.whole("linear_key_head_dim"), c.whole("linear_value_head_dim")
    n_heads, n_qk_heads = c.whole("linear_num_value_heads"), c.whole("linear_num_key_heads")
    if n_heads % n_qk_heads:
        raise ValueError(
            f"linear_num_value_heads must be a multiple of the {n_qk_heads} heads of keys, "
            f"got {n_heads}"
        )
    v = n_heads * v_dim
    d_conv = 2 * n_qk_heads * qk_dim + v
    state = n_heads * qk_dim * v_dim
    return Recurrence(
        matrices=d_model * (d_conv + v + 2 * n_heads) + v * d_model + n_taps * d_conv,
        vectors=2 * n_heads + v_dim,  # rate and bias of the decay; a norm
        state_per_text=state + n_taps * d_conv,
        state_flops_per_token=_DELTA_RULE * state,
    )


def lightning(c):
    """MiniMax's linear attention, a square matrix for each head. MiniMax 2025, arXiv:2501.08313."""
    d_model, n_heads = c.whole("hidden_size"), c.whole("num_attention_heads")
    head_dim = c.whole("head_dim", d_model // n_heads)
    width, state = n_heads * head_dim, n_heads * head_dim**2
    return Recurrence(
        matrices=5 * d_model * width,  # queries, keys, values, gate, output
        vectors=width,
        state_per_text=state,
        state_flops_per_token=_WRITE_AND_READ * state,
    )


def short_convolution(c):
    """LFM2's, which remembers the last tokens and has no other state."""
    d_model, n_taps, bias = c.whole("hidden_size"), c.whole("conv_L_cache", 3), c.flag("conv_bias")
    return Recurrence(
        matrices=4 * d_model**2 + n_taps * d_model,
        vectors=5 * d_model * bias,
        state_per_text=n_taps * d_model,
        state_flops_per_token=0,
    )


def _mamba(c, *, d_inner, d_state, n_taps, conv_bias, bias, rank, rank_name, normed):
    d_model = c.whole("hidden_size")
    rank = math.ceil(d_model / 16) if rank == "auto" else c.whole(rank_name)
    state = d_inner * d_state
    x_proj = d_inner * (rank + 2 * d_state) + rank * d_inner
    return Recurrence(
        matrices=3 * d_model * d_inner + x_proj + n_taps * d_inner,
        vectors=(conv_bias + 2) * d_inner  # of the convolution, of the time step, a skip connection
        + state  # the rates of decay
        + (2 * d_inner + d_model) * bias
        + (rank + 2 * d_state) * normed,
        state_per_text=state + n_taps * d_inner,
        state_flops_per_token=_WRITE_AND_READ * state,
    )


def _mamba2_of_a_hybrid(c, d_inner, out_bias, normed):
    n_heads = c.whole("mamba_n_heads")
    head_dim = c.get("mamba_d_head", "auto")
    head_dim = d_inner // n_heads if head_dim == "auto" else c.whole("mamba_d_head")
    if n_heads * head_dim != d_inner:
        raise ValueError(
            f"mamba_n_heads · mamba_d_head must be the width of the recurrence, {d_inner}, "
            f"got {n_heads} · {head_dim}"
        )
    return _mamba2(
        c.whole("hidden_size"),
        d_inner,
        n_heads,
        d_state=c.whole("mamba_d_state"),
        n_groups=c.whole("mamba_n_groups", 1),
        n_taps=c.whole("mamba_d_conv", 4),
        conv_bias=c.flag("mamba_conv_bias", True),
        in_bias=c.flag("mamba_proj_bias"),
        out_bias=out_bias,
        normed=normed,
    )


def _mamba2(
    d_model, d_inner, n_heads, *, d_state, n_groups, n_taps, conv_bias, in_bias, out_bias, normed
):
    if n_heads % n_groups:
        raise ValueError(
            f"the heads of the recurrence must be a multiple of its {n_groups} groups, "
            f"got {n_heads}"
        )
    d_conv = d_inner + 2 * n_groups * d_state
    d_in = d_inner + d_conv + n_heads
    state = d_inner * d_state
    return Recurrence(
        matrices=d_model * d_in + d_inner * d_model + n_taps * d_conv,
        vectors=d_conv * conv_bias
        + 3 * n_heads  # rate and bias of the decay, a skip connection
        + d_inner * normed
        + d_in * in_bias
        + d_model * out_bias,
        state_per_text=state + n_taps * d_conv,
        state_flops_per_token=_WRITE_AND_READ * state,
    )
