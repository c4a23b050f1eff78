"""Many matrix products at once: the rows of expert e times the weights of expert e.

PyTorch's own `F.grouped_mm` does this, and on a GPU it is used. On a CPU it knows no float64 and
does not compile in float32 (torch 2.13), so there the products are written out.
"""

import torch
from torch.nn import functional as F
from torch.utils.flop_counter import register_flop_formula


def grouped_mm(rows, weights, counts):
    """rows[i] @ weights[e] for each row, the first counts[0] rows with e = 0, the next with e = 1 …

    Shapes: rows (n_rows, d_in), weights (n_experts, d_in, d_out), counts (n_experts,) whole numbers
    that add up to n_rows; returns (n_rows, d_out). Differentiable, compiles as one graph, follows
    autocast. On a GPU nothing waits for the host where PyTorch has a kernel (bfloat16, compute
    capability 9.0 and above); elsewhere PyTorch falls back to a loop that reads `counts` once.
    The GPU path was not measured.
    """
    if torch.is_autocast_enabled(rows.device.type):
        dtype = torch.get_autocast_dtype(rows.device.type)
        rows, weights = rows.to(dtype), weights.to(dtype)
    if rows.is_cuda:
        return F.grouped_mm(rows, weights, offs=counts.cumsum(0, dtype=torch.int32))
    return _grouped_mm(rows, weights, counts)


# Custom operators, since a graph cannot hold sizes that are known only when it runs; they are
# annotated, unlike all else here, because custom_op reads it. The products
# go straight to their place in the result; unbind and split, unlike weights[e], cost one call.
@torch.library.custom_op("course_moe::grouped_mm", mutates_args=())
def _grouped_mm(rows: torch.Tensor, weights: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    sizes = counts.tolist()
    out = rows.new_empty(rows.shape[0], weights.shape[2])
    for group in zip(rows.split(sizes), weights.unbind(), out.split(sizes), strict=True):
        torch.mm(group[0], group[1], out=group[2])
    return out


@torch.library.custom_op("course_moe::grouped_outer", mutates_args=())
def _grouped_outer(rows: torch.Tensor, grad: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    """The gradient of the weights: rows.T @ grad, group by group; 0 for an expert without rows."""
    sizes = counts.tolist()
    out = rows.new_empty(len(sizes), rows.shape[1], grad.shape[1])
    for group in zip(rows.mT.split(sizes, 1), grad.split(sizes), out.unbind(), strict=True):
        torch.mm(group[0], group[1], out=group[2])
    return out


@_grouped_mm.register_fake
def _(rows, weights, counts):
    return rows.new_empty(rows.shape[0], weights.shape[2])


@_grouped_outer.register_fake
def _(rows, grad, counts):
    return rows.new_empty(counts.shape[0], rows.shape[1], grad.shape[1])


def _backward(ctx, grad):
    rows, weights, counts = ctx.saved_tensors
    return _grouped_mm(grad, weights.mT, counts), _grouped_outer(rows, grad, counts), None


_grouped_mm.register_autograd(
    _backward, setup_context=lambda ctx, inputs, output: ctx.save_for_backward(*inputs)
)


@register_flop_formula([torch.ops.course_moe.grouped_mm, torch.ops.course_moe.grouped_outer])
def _flops(rows_shape, other_shape, *args, **kwargs):
    return 2 * rows_shape[0] * rows_shape[1] * other_shape[-1]
