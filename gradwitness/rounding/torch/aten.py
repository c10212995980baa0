"""How each ATen operation of PyTorch rounds: never, once, or as a sum of n terms. Nothing here imports PyTorch.

Names are without namespace, overload and the underscore of an in-place form: `add` stands for `aten::add_.Tensor`. Operations in
none of these tables are fused kernels: their operands are perturbed as well as their results.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

from gradwitness.rounding.vectors import Vectors


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


EXACT = _names("""
    _unsafe_index _unsafe_view _upsample_nearest_exact1d _upsample_nearest_exact2d _upsample_nearest_exact3d abs
    adaptive_max_pool2d adaptive_max_pool3d alias amax amin as_strided_scatter cat ceil channel_shuffle clamp clamp_max
    clamp_min clone complex concatenate conj_physical constant_pad_nd contiguous copysign cummax cummin detach diag_embed
    diagonal_copy diagonal_scatter embedding empty_like expand_copy fill flip floor fmax fmin full_like gather hardtanh
    hardtanh_backward heaviside imag index index_copy index_fill index_select kthvalue lift lift_fresh_copy masked_fill
    masked_scatter masked_select max max_pool2d_with_indices max_pool3d_with_indices maximum median min minimum mode
    nan_to_num neg new_empty new_empty_strided new_full new_ones new_zeros ones_like pixel_shuffle pixel_unshuffle real
    reflection_pad1d reflection_pad2d reflection_pad3d relu relu6 repeat repeat_interleave replication_pad1d replication_pad2d
    replication_pad3d resize roll round scatter select_backward select_scatter sgn sign slice_backward slice_scatter sort
    split_copy split_with_sizes_copy stack take take_along_dim threshold threshold_backward topk trace_backward tril triu
    trunc unfold_copy unsafe_chunk unsafe_split unsafe_split_with_sizes upsample_nearest1d upsample_nearest2d
    upsample_nearest3d view_copy where zero zeros_like
""")
"""Operations that select, move or fill, or change a sign."""

OF_COMPLEX = _names("abs sgn")
"""Those of them that compute where numbers are complex: the result rounds once."""

ONCE = _names("""
    _prelu_kernel _to_copy acos acosh add addcdiv addcmul angle asin asinh atan atan2 atanh copy cos cosh digamma div erf erfc
    erfinv exp exp2 expm1 floor_divide fmod frac hypot ldexp leaky_relu leaky_relu_backward lerp lgamma log log10 log1p log2
    mul polar pow reciprocal remainder rsqrt rsub sigmoid sin sinc sinh softplus special_erfcx
    special_xlog1py sqrt square sub tan tanh true_divide xlogy
""")
"""Arithmetic and elementary functions: the result rounds once."""

PASSES = _names("add sub rsub mul div leaky_relu leaky_relu_backward _prelu_kernel")
"""Where the result is an operand (x + 0, 1 * x, the side of leaky_relu that does not compute), it is exact."""

STORES = _names("add atan2 fmod hardshrink hypot logaddexp pow remainder rsub special_xlog1py special_xlogy sub xlogy")
"""Their kernels on the CPU convert a number of Python to the dtype of the result: x - 2.3 in bfloat16 takes 2.296875 off."""

PROBABILITIES = _names("binary_cross_entropy binary_cross_entropy_backward")
"""They refuse arguments above 1."""

BOUNDED = _names("_softmax cos erf sigmoid sin tanh")
"""Their results lie between -1 and 1, and no rounding leads beyond: what follows may have no value there."""

CASTS = _names("_to_copy copy")
"""Exact, unless the result is narrower."""

DRAWS = _names("""
    bernoulli binomial cauchy exponential geometric log_normal multinomial normal poisson rand rand_like randint randint_like
    randn randn_like random randperm uniform
""")
"""Random numbers."""

_ATTENTION = _names("""
    _scaled_dot_product_cudnn_attention _scaled_dot_product_cudnn_attention_backward
    _scaled_dot_product_efficient_attention _scaled_dot_product_efficient_attention_backward
    _scaled_dot_product_flash_attention _scaled_dot_product_flash_attention_backward
    _scaled_dot_product_flash_attention_for_cpu _scaled_dot_product_flash_attention_for_cpu_backward
""")
STORED: Mapping[str, int] = {
    **dict.fromkeys(_ATTENTION, 0),  # the probabilities
    **dict.fromkeys(["native_batch_norm", "native_group_norm", "native_layer_norm", "cudnn_batch_norm"], 1),  # the mean
    **dict.fromkeys(["_log_softmax", "_log_softmax_backward_data", "logsumexp"], 0),  # on the CPU, a sum
    "glu_backward": 0,  # on the CPU, the sigmoid
    **{f"{kind}_pad{axes}d_backward": 0 for kind in ("replication", "reflection") for axes in (1, 2, 3)},  # what it adds up
}
"""Kernels that keep values between two sums in the dtype of a result -> which result. Others keep them as exact as they add."""

INTERPOLATES = _names("""
    _upsample_bicubic2d_aa _upsample_bicubic2d_aa_backward _upsample_bilinear2d_aa _upsample_bilinear2d_aa_backward
    upsample_bicubic2d upsample_bicubic2d_backward upsample_bilinear2d upsample_bilinear2d_backward upsample_linear1d
    upsample_linear1d_backward upsample_trilinear3d upsample_trilinear3d_backward
""")
"""Kernels that weigh by where a pixel falls between others: a place of 7 has an error of 7 roundings, and so has a weight."""

SCATTERS: Mapping[str, int] = {
    "_index_put_impl": 2,
    "_unsafe_index_put": 2,
    "embedding_dense_backward": 0,
    "index_add": 3,
    "index_put": 2,
    "put": 2,
    "scatter_add": 3,
    "scatter_reduce": 3,
}
"""Operations that add values to the elements that an index names, one after the other -> the argument with the values."""

SELECTING: Mapping[str, int] = {"scatter_reduce": 4, "index_reduce": 4, "linalg_vector_norm": 1}
"""Operations that select where they are told to take the largest or the smallest -> the argument that says so."""

STATISTICS = {"native_batch_norm": {3, 4}, "cudnn_batch_norm": {3, 4}, "miopen_batch_norm": {3, 4}}
"""Operations that write to arguments although their schema does not say so -> which."""

Lengths = Callable[..., int | Sequence[int]]
"""(arguments) -> the number of terms of each element of the results; one for all of them, or one for each."""


def _convolution(*args: Any) -> int:
    weight, transposed = args[1], args[6]
    return int(weight.numel() // weight.shape[1 if transposed else 0])


def _convolution_backward(*args: Any) -> tuple[int, int, int]:
    dout, x, weight, transposed = *args[:3], args[7]
    channels = int(weight.shape[0])
    terms = int(weight.numel() // weight.shape[0 if transposed else 1])  # of all groups: an upper bound
    return terms, int((x if transposed else dout).numel() // channels), int(dout.numel() // dout.shape[1])


def _attention_backward(_: Any, query: Any, key: Any, *rest: Any) -> int:  # noqa: ARG001
    return int(max(query.shape[-1], query.shape[-2], key.shape[-2]))


def _attention(query: Any, key: Any, *_: Any) -> int:
    return int(max(query.shape[-1], key.shape[-2]))


CONTRACTIONS: Mapping[str, Lengths] = {
    "mm": lambda a, *_: a.shape[-1],
    "bmm": lambda a, *_: a.shape[-1],
    "mv": lambda a, *_: a.shape[-1],
    "dot": lambda a, *_: a.shape[-1],
    "vdot": lambda a, *_: a.shape[-1],
    "addmm": lambda c, a, *_: a.shape[-1],
    "addmv": lambda c, a, *_: a.shape[-1],
    "addbmm": lambda c, a, *_: a.shape[0] * a.shape[-1],
    "baddbmm": lambda c, a, *_: a.shape[-1],
    "addr": lambda *_: 1,
    "convolution": _convolution,
    "convolution_backward": _convolution_backward,
    **{name: _attention_backward if name.endswith("backward") else _attention for name in _ATTENTION},
}
"""Sums of products of two factors -> their length."""


def _along(x: Any, dim: Any, *_: Any) -> int:
    return int(x.shape[dim]) if x.dim() else 1


def _softmax_backward(_: Any, out: Any, dim: Any, *rest: Any) -> int:  # noqa: ARG001
    return _along(out, dim)


def _channel(x: Any, *_: Any) -> int:
    return int(x.numel() // x.shape[1])


REDUCTIONS: Mapping[str, Lengths] = {
    "cumsum": _along,
    "cumprod": _along,
    "logcumsumexp": _along,
    "_softmax": _along,
    "_log_softmax": _along,
    "_softmax_backward_data": _softmax_backward,
    "_log_softmax_backward_data": _softmax_backward,
    "native_layer_norm": lambda x, shape, *_: prod(shape),
    "native_layer_norm_backward": lambda dout, x, shape, *_: (prod(shape), *2 * [x.numel() // prod(shape)]),
    "native_group_norm": lambda x, w, b, n, c, hw, groups, *_: c // groups * hw,
    "native_group_norm_backward": lambda dout, x, mean, rstd, w, n, c, hw, groups, *_: (c // groups * hw, n * hw, n * hw),
    "_fused_rms_norm": lambda x, shape, *_: prod(shape),
    "_fused_rms_norm_backward": lambda dout, x, shape, *_: (prod(shape), x.numel() // prod(shape)),
    "native_batch_norm": _channel,
    "native_batch_norm_backward": _channel,
    "cudnn_batch_norm": _channel,
    "cudnn_batch_norm_backward": _channel,
    "avg_pool2d": lambda x, kernel, *_: prod(kernel),
    "avg_pool3d": lambda x, kernel, *_: prod(kernel),
    "nll_loss_forward": lambda x, target, *_: target.numel(),
    "nll_loss2d_forward": lambda x, target, *_: target.numel(),
    "_weight_norm_interface": lambda v, g, *_: v.numel() // g.numel(),
    "_weight_norm_interface_backward": lambda dw, v, g, *_: v.numel() // g.numel(),
    "_ctc_loss": lambda log_probs, *_: log_probs.shape[0],
    "_ctc_loss_backward": lambda grad, log_probs, *_: log_probs.shape[0],
}
"""Kernels that add along a dimension -> how many terms. Others: elements of the largest operand to one of the result."""

VECTORS = {"_linalg_eigh": Vectors((1,)), "_linalg_svd": Vectors((0,), tied=2, rows=True), "linalg_eig": Vectors((1,), values=0)}
"""Decompositions -> which of their results are vectors."""
