"""Many matrix products at once: the rows of expert e times the weights of expert e.

PyTorch's own `F.grouped_mm` does this in one kernel on a GPU, for bfloat16 and for widths that are
multiples of 16 bytes (torch 2.13). Everywhere else the products are written out, one for each
expert: on a CPU PyTorch does the same, and neither takes float64 there nor compiles in float32.
"""

import torch
from torch.nn import functional as F
from torch.utils.flop_counter import register_flop_formula


def grouped_mm(rows, weights, counts):
    """Each row times the weights of its expert: the first counts[0] rows meet expert 0, and so on.

    out[i] = rows[i] @ weights[e], e = 0 for the first counts[0] rows, 1 for the next counts[1], …

    Differentiable, compiles as one graph, follows autocast. With PyTorch's kernel nothing waits for
    the host; written out, the host reads `counts` once. What runs on a GPU was checked against
    PyTorch's rules for shapes and dtypes, without a GPU: its results and speed are not measured.

    Args:
        rows: (n_rows, d_in), sorted by expert.
        weights: (n_experts, d_in, d_out), of the dtype of rows.
        counts: (n_experts,), whole numbers that add up to n_rows.

    Returns:
        (n_rows, d_out).
    """
    if torch.is_autocast_enabled(rows.device.type):
        dtype = torch.get_autocast_dtype(rows.device.type)
        rows, weights = rows.to(dtype), weights.to(dtype)
    if has_kernel(rows, weights):
        return F.grouped_mm(rows, weights, offs=counts.cumsum(0, dtype=torch.int32))
    return _grouped_mm(rows, weights, counts)


def has_kernel(rows, weights):
    """Whether PyTorch's kernel runs here: on a GPU of compute capability 8.0 or above."""
    return (
        rows.is_cuda
        and fits_kernel(rows, weights)
        and torch.cuda.get_device_properties(rows.device).major >= 8
    )


def fits_kernel(rows, weights):
    """Whether PyTorch's kernel takes these: bfloat16, widths of a multiple of 8, or 16 bytes."""
    bfloat16 = rows.dtype == weights.dtype == torch.bfloat16
    return bfloat16 and all(width % 8 == 0 for width in weights.shape[1:])


# Custom operators, since a graph cannot hold sizes that are known only when it runs. They are
# annotated, unlike all else here, because custom_op reads the annotations. The products are written
# straight to their place in the result; unbind and split, unlike weights[e], cost one call.
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
