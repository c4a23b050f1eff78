"""Keys of other model types, words that contradict one another, and the outer part of a config."""

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from transformers import AutoConfig, AutoModelForImageTextToText

from course.accounting.model_types import MODEL_TYPES, TIED_BY
from course.accounting.transformer import TransformerShape
from tests.accounting.small import COUNTED, build, n_params, reproducibly, small_configs

SPEAKS_FOR_ITSELF = ("model_type", "pad_token_id")


def foreign(config, other):
    """The keys of another type's config that this type does not declare."""
    declared = type(AutoConfig.for_model(config["model_type"])).__dataclass_fields__
    return [key for key in other if key not in {*SPEAKS_FOR_ITSELF, *config, *declared}]


def silently_wrong(config, key, value):
    """True if the count of a config with a foreign key is neither transformers' nor refused."""
    with_key = config | {key: value}
    try:
        theirs = n_params(build(with_key))
    except Exception:  # transformers refuses it, in whichever way
        return False
    try:
        ours = TransformerShape.from_config(with_key)
    except ValueError:
        return False
    if ours.n_params != theirs:
        return True
    kinds = [getattr(AutoConfig.for_model(**c), "layer_types", None) for c in (config, with_key)]
    ignored = theirs == n_params(build(config)) and kinds[0] == kinds[1]
    return ignored and ours != TransformerShape.from_config(config)  # windows, caches, FLOP


def compare_with_transformers(model_type, examples):
    tried, wrong = [], []

    @reproducibly(examples)
    @given(small_configs(model_type), st.sampled_from(COUNTED), st.data())
    def check(config, other_type, data):
        other = data.draw(small_configs(other_type))
        keys = foreign(config, other)
        assume(keys)
        key = data.draw(st.sampled_from(keys))
        tried.append(key)
        if silently_wrong(config, key, other[key]):
            wrong.append((config, key, other[key]))

    check()
    assert tried
    assert wrong == []


@pytest.mark.parametrize("model_type", COUNTED)
def test_a_foreign_key_is_never_obeyed_in_silence(model_type):
    compare_with_transformers(model_type, examples=4)


@pytest.mark.slow
@pytest.mark.parametrize("model_type", COUNTED)
def test_many_foreign_keys_are_never_obeyed_in_silence(model_type):
    compare_with_transformers(model_type, examples=40)


@pytest.mark.parametrize("model_type", COUNTED)
def test_a_width_of_a_head_is_never_obeyed_in_silence(model_type):
    """The key that most types read, some without declaring it, and some only in part."""

    @reproducibly(3)
    @given(small_configs(model_type), st.integers(1, 9))
    def check(config, head_dim):
        if foreign(config, {"head_dim": head_dim}):
            assert not silently_wrong(config, "head_dim", head_dim)

    check()


@pytest.mark.parametrize("model_type", ["gpt2", "gpt_bigcode", "gptj", "gpt_neox", "bloom", "opt"])
def test_types_that_derive_the_width_of_a_head_ignore_head_dim(model_type):
    @reproducibly(5)
    @given(small_configs(model_type), st.integers(1, 9))
    def check(config, head_dim):
        with_key = TransformerShape.from_config(config | {"head_dim": head_dim})
        assert with_key == TransformerShape.from_config(config)

    check()


@pytest.mark.parametrize(
    ("model_type", "key", "message"),
    [
        ("gpt2", "hidden_size", "n_embd and hidden_size mean the same and must agree, got"),
        ("mpt", "num_hidden_layers", "n_layers and num_hidden_layers mean the same"),
        ("mixtral", "num_experts", "num_local_experts and num_experts mean the same"),
        ("olmoe", "num_local_experts", "num_experts and num_local_experts mean the same"),
        ("lfm2", "block_ff_dim", "intermediate_size and block_ff_dim mean the same"),
    ],
)
def test_two_words_for_one_thing_must_agree(model_type, key, message):
    @reproducibly(3)
    @given(small_configs(model_type))
    def check(config):
        kind = MODEL_TYPES[model_type]
        canonical = next(of for of, words in kind.names.items() if key in words)
        same = config[kind.own_word(canonical)]
        clean = TransformerShape.from_config(config)
        assert TransformerShape.from_config(config | {key: same}) == clean
        with pytest.raises(ValueError, match=message):
            TransformerShape.from_config(config | {key: same + 1})

    check()


@pytest.mark.parametrize("key", ["per_layer_config", "use_bidirectional_attention"])
def test_what_changes_a_model_in_a_way_that_is_not_counted_is_refused(key):
    config = {
        "model_type": "llama",
        "vocab_size": 100,
        "hidden_size": 8,
        "intermediate_size": 8,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        key: {"0": {"intermediate_size": 4}},
    }
    with pytest.raises(ValueError, match=f"{key} is not counted here"):
        TransformerShape.from_config(config)


# --- the head of a model that also sees -----------------------------------------------------------


def is_tied(outer_type, outer, inner):
    """Whether transformers ties the head, where the outer and inner config say so, or nothing."""
    text = {"model_type": TEXT[outer_type], "num_hidden_layers": 1}
    text |= {} if inner is None else {"tie_word_embeddings": inner}
    said = {} if outer is None else {"tie_word_embeddings": outer}
    config = AutoConfig.for_model(outer_type, text_config=text, **said)
    with torch.device("meta"):
        model = AutoModelForImageTextToText.from_config(config)
    return model.get_output_embeddings().weight is model.get_input_embeddings().weight


# The types that come with a text part of a type that is counted here.
TEXT = {
    outer_type: AutoConfig.for_model(outer_type).text_config.model_type
    for outer_type in ("llava", "llava_onevision", "gemma3", "internvl", "idefics3", "llama4")
}
CHOICES = (None, True, False)


@pytest.mark.parametrize("outer_type", TEXT)
def test_the_head_is_tied_as_transformers_ties_it(outer_type):
    assert outer_type in TIED_BY
    for outer in CHOICES:
        for inner in CHOICES:
            text = AutoConfig.for_model(TEXT[outer_type]).to_dict()
            text = {k: v for k, v in text.items() if k != "tie_word_embeddings"}
            text |= {} if inner is None else {"tie_word_embeddings": inner}
            config = {"model_type": outer_type, "text_config": text}
            config |= {} if outer is None else {"tie_word_embeddings": outer}
            shape = TransformerShape.from_config(config)
            assert shape.tied == is_tied(outer_type, outer, inner), (outer, inner)


def test_a_small_llava_onevision_has_the_parameters_that_it_was_published_with():
    config = {
        "model_type": "llava_onevision",
        "tie_word_embeddings": True,
        "text_config": {
            "model_type": "qwen2",
            "hidden_size": 896,
            "intermediate_size": 4864,
            "num_hidden_layers": 24,
            "num_attention_heads": 14,
            "num_key_value_heads": 2,
            "vocab_size": 151_936,
        },
    }
    assert TransformerShape.from_config(config).n_params == 494_032_768
    untied = config | {"tie_word_embeddings": False}
    assert TransformerShape.from_config(untied).n_params == 630_167_424


@pytest.mark.parametrize(("outer", "inner"), [(True, False), (False, True), (True, None)])
def test_an_unknown_outer_type_may_not_contradict_its_text_part(outer, inner):
    config = {"model_type": "some_future_model", "tie_word_embeddings": outer}
    text = AutoConfig.for_model("llama").to_dict() | {"tie_word_embeddings": inner}
    with pytest.raises(ValueError, match="which of them holds is not known here"):
        TransformerShape.from_config(config | {"text_config": text})
    agreeing = config | {"text_config": text | {"tie_word_embeddings": outer}}
    assert TransformerShape.from_config(agreeing).tied == outer
