"""Values that a config decides, for the rows of `model_types`.

Each function takes a `configs.Config`, or makes a function that does. What speaks of layers gives a
function of the layer's number, from 0: is it so in this layer?
"""


def when(key, then=True, otherwise=False, *, default=False):
    """`then` where the config's `key` is true, and `otherwise` where it is not."""
    return lambda c: then if c.flag(key, default) else otherwise


def all_heads(c):
    return c.whole("num_attention_heads")


def derived(c):
    """No width of a head but d_model / heads: None."""


def only_derived(c):
    """The same, where another width would not fit the model's own code: it is refused."""
    width = c.whole("hidden_size") // all_heads(c)
    given = c.get("head_dim", width)
    if given != width:
        raise ValueError(
            f"head_dim must be hidden_size / num_attention_heads = {width}, got {given!r}"
        )


def four_times(c):
    return c.whole("intermediate_size", 4 * c.whole("hidden_size"))


def always_four_times(c):
    return 4 * c.whole("hidden_size")


def context_rows(c):
    return c.whole("max_position_embeddings")


def sliding(c, key="sliding_window"):
    return None if c.get(key) is None else c.whole(key)


def chunk(c):
    return sliding(c, "attention_chunk_size")


def sliding_if_used(c):
    return sliding(c) if c.flag("use_sliding_window") else None


def from_layer(key, default):
    """The layers from the one that the config names under `key`."""

    def layers(c):
        first = c.whole(key, default, least=0)
        return lambda i: i >= first

    return layers


def even_below_max_window_layers(c):
    end = c.whole("max_window_layers", 28, least=0)
    return lambda i: i % 2 == 0 and i < end


def all_but_each(n, key=None):
    """All layers but each n-th; the config may name another n under `key`."""

    def layers(c):
        period = c.whole(key, n) if key else n
        return lambda i: (i + 1) % period != 0

    return layers


def with_rope(c):
    """Layers with rotary positions, marked 1 in `no_rope_layers`: else all but each fourth."""
    period, marks = c.whole("no_rope_layer_interval", 4), c.numbers("no_rope_layers", ())
    if marks and len(marks) != c.whole("num_hidden_layers"):
        raise ValueError(f"no_rope_layers must have a number for each layer, got {marks}")
    return lambda i: bool(marks[i]) if marks else (i + 1) % period != 0


def without_rope(c):
    rope = with_rope(c)
    return lambda i: not rope(i)


def all_layers(c):
    return lambda i: True


def after_the_first(c):
    first = c.whole("first_k_dense_replace", least=0)
    return lambda i: i >= first


def each_step(c):
    step, dense = c.whole("decoder_sparse_step", 1), c.numbers("mlp_only_layers", ())
    return lambda i: (i + 1) % step == 0 and i not in dense


def interleaved(c):
    step, layers = c.whole("interleave_moe_layer_step", 1), c.numbers("moe_layers", None)
    return lambda i: (i + 1) % step == 0 if layers is None else i in layers


def shared_experts(c):
    return c.whole("n_shared_experts", least=0) * c.whole("moe_intermediate_size")


def shared_experts_of_ernie(c):
    return c.whole("moe_num_shared_experts", 2, least=0) * c.whole("moe_intermediate_size")


def from_start_to_end(c):
    """Every `moe_layer_interval`-th of the layers from `moe_layer_start_index` to the end index."""
    step, first = c.whole("moe_layer_interval", 1), c.whole("moe_layer_start_index", 1, least=0)
    last = c.whole("moe_layer_end_index", -1, least=-1)
    last = c.whole("num_hidden_layers") - 1 if last == -1 else last
    return lambda i: (i + 1) % step == 0 and first <= i <= last


def periodic(period_key, period, offset_key, offset):
    """Layers `offset`, `offset` + `period`, …; the config may name other numbers."""

    def layers(c):
        n, first = c.whole(period_key, period), c.whole(offset_key, offset, least=0)
        if first >= n:
            raise ValueError(f"{offset_key} must be below {period_key} = {n}, got {first}")
        return lambda i: i % n == first

    return layers


def not_in(layers):
    """The other layers."""

    def others(c):
        inside = layers(c)
        return lambda i: not inside(i)

    return others


def experts_of_jamba(c):
    if c.whole("num_experts") == 1:
        return lambda i: False
    return periodic("expert_layer_period", 2, "expert_layer_offset", 1)(c)


def experts_of_granite(c):
    return lambda i: c.whole("num_experts", least=0) > 0


def listed(key, default_all=False):
    """Layers whose numbers the key lists; without a list all or none."""

    def layers(c):
        numbers = c.numbers(key, None)
        return lambda i: default_all if numbers is None else i in numbers

    return layers


def adjusted(c):
    """LFM2's width: two thirds of what the config says, times a factor, rounded up."""
    d_ff = c.whole("intermediate_size")
    if not c.flag("block_auto_adjust_ff_dim", True):
        return d_ff
    d_ff, multiple = int(2 * d_ff / 3), c.whole("block_multiple_of", 256)
    return -(-int(c.number("block_ffn_dim_multiplier", 1.0) * d_ff) // multiple) * multiple


def width_of_each_layer(c):
    widths = c.get("intermediate_size")
    if type(widths) is int:
        return c.whole("intermediate_size")
    widths, n_layers = c.numbers("intermediate_size", None), c.whole("num_hidden_layers")
    if len(widths) != n_layers or min(widths) < 1:
        raise ValueError(f"intermediate_size must be {n_layers} positive numbers, got {widths!r}")
    return widths


def last_layers_share(c):
    """Gemma 3n's last layers have no keys and values of their own."""
    n_layers, n_shared = c.whole("num_hidden_layers"), c.whole("num_kv_shared_layers", 15, least=0)
    if n_shared >= n_layers:
        raise ValueError(
            f"num_kv_shared_layers must be below the {n_layers} layers, got {n_shared}"
        )
    return lambda i: i >= n_layers - n_shared


def gemma3n_layer(c):
    """A low-rank residual path (Laurel), four streams of which a layer updates one (AltUp), and a
    gate for the token's embedding in this layer.
    """
    d_model, n, p = c.whole("hidden_size"), c.whole("altup_num_inputs", 4), _per_layer(c)
    return {
        "other_matrices": 2 * d_model * c.whole("laurel_rank", 64)
        + n * d_model
        + n**2
        + n**3
        + 2 * d_model * p,
        # The streams mix by n x n numbers that each token makes; the router works twice.
        "other_flops_per_token": 2 * d_model * n**2 + 2 * d_model * n,
        "norm_params": 4 * d_model,  # norms of Laurel, AltUp and the gate; a scale
    }


def gemma3n_outside(c):
    """A table of embeddings for each layer, its projection, and the streams' projections."""
    d_model, n, p = c.whole("hidden_size"), c.whole("altup_num_inputs", 4), _per_layer(c)
    width = c.whole("num_hidden_layers") * p
    return {
        "other_lookup": c.whole("vocab_size_per_layer_input", 262_144) * width,
        "other_matrices": d_model * width + 2 * (n - 1) * d_model**2,
        "other_vectors": p,
    }


def _per_layer(c):
    return c.whole("hidden_size_per_layer_input", 256)


def one_head(c):
    return 1 if c.flag("multi_query", True) else all_heads(c)


def falcon_kv_heads(c):
    new = c.flag("new_decoder_architecture")
    return c.whole("num_kv_heads", all_heads(c)) if new else one_head(c)


def falcon_norms(c):
    in_parallel = c.whole("num_ln_in_parallel_attn", 1 + c.flag("new_decoder_architecture"))
    return 1 if c.flag("parallel_attn", True) and in_parallel != 2 else 2


def opt_final_norm(c):
    return c.flag("do_layer_norm_before", True) and not c.flag("_remove_final_layer_norm")
