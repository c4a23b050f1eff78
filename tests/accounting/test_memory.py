"""Training memory, against what PyTorch's profiler records of real steps."""

import gc

import numpy as np
import pytest
import torch
from torch.profiler import ProfilerActivity, profile
from transformers import AutoConfig, AutoModelForCausalLM

from course.accounting.model_types import MODEL_TYPES
from course.accounting.transformer import TransformerShape
from tests.accounting.small import COUNTED, WITH_EXPERTS
from tests.accounting.test_parameters import shape_of
from tests.odd_inputs import assert_refuses_odd_inputs

NOT_COUNTED = {"gemma2", "llama4_text"}  # soft caps; every token through every expert
REFUSED = {name for name, kind in MODEL_TYPES.items() if not kind.activations}
FUSED = [
    "llama",
    "qwen2",
    "qwen3",
    "gemma",
    "olmo2",
    "gpt2",
    "opt",
    "starcoder2",
    "mixtral",
    "olmoe",
]


def config(model_type):
    """A small model of that type, without dropout, as a dict."""
    kind = MODEL_TYPES[model_type]
    declared = type(AutoConfig.for_model(model_type)).__dataclass_fields__
    c = dict.fromkeys(kind.needs, 48) | {
        "vocab_size": 512,
        "hidden_size": 64,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "intermediate_size": 192,
        "num_key_value_heads": 4 if kind.latent else 2,
        "max_position_embeddings": 256,
        "rotary_dim": 8,
        "qk_rope_head_dim": 8,
        "v_head_dim": 16,
        "num_experts_per_tok": 2,
        "n_shared_experts": 1,
        "first_k_dense_replace": 1,
        "n_group": 1,
        "topk_group": 1,
        "head_dim": 16,
    }
    if model_type in WITH_EXPERTS:
        c[WITH_EXPERTS[model_type]] = 4
    c = {kind.own_word(key): value for key, value in c.items()}
    c |= {key: 0.0 for key in declared if "drop" in key}
    known = {*declared, *map(kind.own_word, (*kind.needs, *kind.assumes))}
    return {key: value for key, value in c.items() if key in known} | {
        "model_type": model_type,
        "pad_token_id": None,
    }


def trainable(config, attention="eager"):
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(
        AutoConfig.for_model(**config), attn_implementation=attention
    )
    if config["model_type"] in WITH_EXPERTS:
        model.set_experts_implementation("eager")
    return model.train()


def recorded(function):
    """(what `function` returns, bytes allocated after it, the most at one time) in the profiler."""
    gc.disable()  # or the garbage of earlier tests would be freed meanwhile
    try:
        with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as record:
            result = function()
    finally:
        gc.enable()
    events = [e for e in record.profiler.kineto_results.events() if e.name() == "[memory]"]
    events.sort(key=lambda event: event.start_ns())
    allocated = np.cumsum([event.nbytes() for event in events])
    return result, allocated[-1], allocated.max()


def loss_of(model, batch, seq_len):
    tokens = torch.randint(model.config.vocab_size, (batch, seq_len))
    return lambda: model(tokens, labels=tokens, use_cache=False).loss


@pytest.mark.parametrize("model_type", sorted(set(COUNTED) - NOT_COUNTED - REFUSED))
def test_activations_are_those_that_pytorch_keeps(model_type):
    """5 % is promised; the small model shows that no term as large as 2 % is missing."""
    shape, model = TransformerShape.from_config(config(model_type)), trainable(config(model_type))
    for batch, seq_len in ((4, 32), (2, 96)):
        forward = loss_of(model, batch, seq_len)
        forward().backward()
        loss, kept, _ = recorded(forward)
        _, _, more = recorded(loss.backward)
        memory = shape.training_memory(batch, seq_len)
        assert memory.activations == pytest.approx(kept, rel=0.02)
        assert memory.activations + memory.logits_gradient == pytest.approx(kept + more, rel=0.02)


@pytest.mark.parametrize("model_type", FUSED)
def test_fused_attention_keeps_no_square(model_type):
    shape = TransformerShape.from_config(config(model_type))
    model = trainable(config(model_type), attention="sdpa")
    for batch, seq_len in ((4, 32), (2, 96)):
        forward = loss_of(model, batch, seq_len)
        forward().backward()
        _, kept, _ = recorded(forward)
        memory = shape.training_memory(batch, seq_len, fused_attention=True)
        assert memory.activations == pytest.approx(kept, rel=0.02)


@pytest.mark.parametrize("model_type", ["mistral", "olmo3", "cohere2"])
def test_pytorchs_fused_attention_keeps_more_where_there_is_a_window(model_type):
    """The mask as numbers, once a text, and keys and values once for each query head."""
    c = config(model_type) | {"sliding_window": 8}
    if model_type in ("olmo3", "cohere2"):
        c["layer_types"] = ["sliding_attention"] * 3
    shape, model = TransformerShape.from_config(c), trainable(c, attention="sdpa")
    attention = shape.layers[0].attention
    assert attention.window == 8
    copies = (attention.n_heads - attention.n_kv_heads) * (attention.qk_dim + attention.v_dim)
    for batch, seq_len in ((4, 32), (2, 96)):
        forward = loss_of(model, batch, seq_len)
        forward().backward()
        _, kept, _ = recorded(forward)
        counted = shape.training_memory(batch, seq_len, fused_attention=True).activations
        assert 1.04 < kept / counted < 1.12
        more = 4 * batch * seq_len * shape.n_layers * (copies + seq_len)
        assert counted + more == pytest.approx(kept, rel=0.02)


@pytest.mark.parametrize("model_type", ["deepseek_v2", "deepseek_v3"])
def test_pytorchs_fused_attention_keeps_the_square_of_latent_attention(model_type):
    """Its keys are wider than its values, for which there is no fused kernel on a CPU."""
    shape = TransformerShape.from_config(config(model_type))
    model = trainable(config(model_type), attention="sdpa")
    for batch, seq_len in ((4, 32), (2, 96)):
        forward = loss_of(model, batch, seq_len)
        forward().backward()
        _, kept, _ = recorded(forward)
        counted = shape.training_memory(batch, seq_len, fused_attention=True).activations
        assert 1.05 < kept / counted < 1.18
        assert shape.training_memory(batch, seq_len).activations == pytest.approx(kept, rel=0.02)


def test_a_whole_step_of_a_real_model():
    """Weights, gradients, AdamW and activations of 8 million parameters in float32; the peak."""
    c = config("llama") | {
        "hidden_size": 256,
        "intermediate_size": 688,
        "num_hidden_layers": 6,
        "num_attention_heads": 8,
        "head_dim": 32,
        "vocab_size": 4096,
    }
    batch, seq_len = 4, 128
    memory = TransformerShape.from_config(c).training_memory(batch, seq_len)

    model, weights, _ = recorded(lambda: trainable(c))
    optimizer = torch.optim.AdamW(model.parameters())
    forward = loss_of(model, batch, seq_len)
    loss, activations, _ = recorded(forward)
    _, change, _ = recorded(loss.backward)
    _, states, _ = recorded(optimizer.step)
    assert memory.weights == pytest.approx(weights, rel=0.001)
    assert memory.activations == pytest.approx(activations, rel=0.01)
    assert memory.gradients == pytest.approx(activations + change, rel=0.001)
    assert memory.optimizer == pytest.approx(states, rel=0.001)

    def second_batch():
        forward().backward()
        optimizer.step()

    _, _, most = recorded(second_batch)
    peak = weights + (activations + change) + states + most
    assert memory.peak == pytest.approx(peak, rel=0.01)


def test_what_does_not_fit_the_count_is_known():
    """Gemma 2 keeps the squares before its soft cap, too, and its logits."""
    shape, model = TransformerShape.from_config(config("gemma2")), trainable(config("gemma2"))
    forward = loss_of(model, 4, 32)
    forward().backward()
    _, kept, _ = recorded(forward)
    square, logits = 4 * 32 * 32 * 4 * 3, 4 * 32 * 512
    memory = shape.training_memory(4, 32)
    assert memory.activations + 4 * (square + logits) == pytest.approx(kept, rel=0.02)


# --- sizes ----------------------------------------------------------------------------------------


def test_mixed_precision_takes_16_bytes_a_parameter_before_any_activation():
    shape = shape_of("Llama-2-7B")
    memory = shape.training_memory(
        1, 4096, weight_bytes=2, gradient_bytes=2, optimizer_bytes=12, activation_bytes=2
    )
    assert memory.weights + memory.gradients + memory.optimizer == 16 * shape.n_params
    assert memory.peak > 80e9  # more than an H100 has


def test_fused_attention_makes_activations_grow_with_the_text_and_no_faster():
    shape, lengths = shape_of("Llama-3-8B"), np.array([4096, 8192])
    eager = shape.training_memory(1, lengths).activations
    fused = shape.training_memory(1, lengths, fused_attention=True).activations
    assert fused[1] == pytest.approx(2 * fused[0])
    assert eager[1] > 3 * eager[0]
    square = 32 * 32 * 8192**2 * 4  # 32 layers of 32 heads in float32: 275 GB for one text
    assert eager[1] - fused[1] > square


def test_odd_inputs_are_refused():
    good = {
        "batch": 4,
        "seq_len": 2048,
        "weight_bytes": 2,
        "gradient_bytes": 2,
        "optimizer_bytes": 12,
        "activation_bytes": 2,
    }
    assert_refuses_odd_inputs(shape_of("Mixtral-8x7B").training_memory, good, examples=30)
