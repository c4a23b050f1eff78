"""Configs of public models: those of `course.accounting.published` and those of transformers.

DEFAULTS are the models that the default configuration of a transformers class is; `config_of` asks
the class.
"""

from transformers import AutoConfig

from course.accounting import published

TYPED = {name: published.config(name) for name in published.names()}
DEFAULTS = {
    "Llama-2-7B": "llama",
    "Mistral-7B-v0.1": "mistral",
    "Mixtral-8x7B": "mixtral",
    "Phi-3-mini": "phi3",
    "Phi-1.5": "phi",
    "Qwen1.5-MoE-A2.7B": "qwen2_moe",
    "SmolLM3-3B": "smollm3",
    "Gemma-7B": "gemma",
    "Gemma-2-2B": "gemma2",
    "OLMo-7B": "olmo",
    "Command-R": "cohere",
    "StableLM-3B-4E1T": "stablelm",
    "GPT-2": "gpt2",
    "GPT-J-6B": "gptj",
    "GPT-NeoX-20B": "gpt_neox",
    "OPT-125M": "opt",
    "Falcon-7B": "falcon",
    "StarCoder2-3B": "starcoder2",
    "gpt-oss-120b": "gpt_oss",
    "DeepSeek-V3": "deepseek_v3",
    "Llama-4-Scout": "llama4_text",
    "GLM-4-9B-0414": "glm4",
    "ERNIE-4.5-0.3B": "ernie4_5",
    "ERNIE-4.5-21B-A3B": "ernie4_5_moe",
    "Gemma-3n-E4B": "gemma3n_text",
    "Mamba-Codestral-7B": "mamba2",
    "Jamba-v0.1": "jamba",
    "Qwen3-Next-80B-A3B": "qwen3_next",
}


def config_of(name):
    """The config of a model, as a dict; that of transformers where it has one."""
    if name in DEFAULTS:
        return AutoConfig.for_model(DEFAULTS[name]).to_dict()
    return published.config(name)
