"""Distillation: a small model learns from the probabilities of a large one."""

import numpy as np

from course.units import positive, single


def softened(logits, temperature=1.0):
    """softmax(logits / T) along the last axis: the higher T, the more even."""
    temperature = single("temperature", positive("temperature", temperature))
    scaled = np.asarray(logits, dtype=float) / temperature
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def distillation_loss(student_logits, teacher_logits, temperature=1.0):
    """T² · KL(teacher || student) of the softened probabilities, mean over examples, in nats.

    Shapes (n, classes). The factor T² keeps the gradient's size, which falls as 1/T² without it.
    Source: Hinton et al. 2015, arXiv:1503.02531, section 2.
    """
    p, q = softened(teacher_logits, temperature), softened(student_logits, temperature)
    if p.shape != q.shape:
        raise ValueError(f"student_logits must have shape {p.shape} like the teacher's: {q.shape}")
    tiny = np.finfo(float).tiny
    divergence = np.sum(p * (np.log(p + tiny) - np.log(q + tiny)), axis=-1)
    return float(temperature**2 * divergence.mean())
