"""The rules by which fused kernels and compilers are tested, with their constants: a continuation of rules.py.

They compare what a kernel returns with PyTorch, some by way of a wider dtype. All are asked about gradients here, also those
whose authors ask about outs alone. A kernel of bfloat16 takes what bfloat16 holds, computes in float32 and rounds what it
returns.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from trust.peers.examined import Examined, Rule, results, stored_in, to_bfloat16
from trust.peers.wrapped import Pair

Compared = tuple[Any, Any, Any]
"""A gradient of the kernel, PyTorch's in the same dtype, PyTorch's in a wider one: as tensors."""


def dynamo_same(at: Examined, *, dtype: str) -> None:
    """torch._dynamo.utils.same: either allclose with atol = rtol = 1e-4, or the root-mean-square distance from float64 is at most
    2 times that of eager PyTorch plus 1e-5; 3 times where there are fewer than 1,000 elements, and in 16 bits.

    https://github.com/pytorch/pytorch/blob/main/torch/_dynamo/utils.py, same (run for real, with its defaults)
    """
    from torch._dynamo.utils import same

    for got, eager, wide in _compared(at, dtype, wide="float64"):
        if not same(eager, got, fp64_ref=wide, log_error=lambda *_: None):
            raise AssertionError("Accuracy failed")


def flash_attention(at: Examined, *, dtype: str) -> None:
    """flash-attention: the largest error is at most twice that of PyTorch in the same dtype, both measured from PyTorch in
    float32 (from float64, where the kernel computes in float32).

    https://github.com/Dao-AILab/flash-attention/blob/main/tests/test_flash_attn.py: "Check that FlashAttention's numerical error
    is at most twice the numerical error of a Pytorch implementation". What PyTorch computes in float32 is rounded to bfloat16.
    """
    for got, eager, wide in _compared(at, dtype, wide="float64" if dtype == "float32" else "float32"):
        truth = wide.to(got.dtype) if dtype == "bfloat16" else wide
        if not (got - truth).abs().max().item() <= 2 * (eager - truth).abs().max().item():
            raise AssertionError("more than twice PyTorch's error")


def allclose(at: Examined, *, dtype: str, atol: float, rtol: float, upcast: bool = False) -> None:
    """torch.allclose with PyTorch in the same dtype; with upcast, in float32 for bfloat16.

    xformers: atol 5e-4 and rtol 1e-4 in float32, 0.7 and 0.1 in bfloat16. AttentionBwOpBase.ERROR_ATOL and ERROR_RTOL in
    https://github.com/facebookresearch/xformers/blob/main/xformers/ops/fmha/common.py; its reference computes in float32.
    Liger-Kernel: one pair for each kernel. Here the one for cross entropy, 1e-8 and 1e-6 in float32, that for layer norm, 1e-5
    both, and that for softmax in bfloat16, 5e-2 both. https://github.com/linkedin/Liger-Kernel, test/transformers,
    test_cross_entropy.py, test_layer_norm.py and test_softmax.py.
    KernelBench: 1e-4 both in float32, 1e-2 in 16 bits. get_tolerance_for_precision in
    https://github.com/ScalingIntelligence/KernelBench/blob/main/src/kernelbench/eval.py; 1e-2 in float32, too, in its first
    version (src/eval.py). It asks about outs.
    robust-kbench: 1e-5 both. https://github.com/SakanaAI/robust-kbench, robust_kbench/primitives/backward/cuda_correct.py.
    """
    import torch

    for got, eager, wide in _compared(at, dtype, wide="float32"):
        expected = wide.to(got.dtype) if upcast else eager
        if not torch.allclose(got, expected, atol=atol, rtol=rtol):
            raise AssertionError("not close")


def paddle_api_test(at: Examined) -> None:
    """PaddleAPITest: torch.testing.assert_close with atol = rtol = 1e-2, in float32.

    https://github.com/PFCCLab/PaddleAPITest, tester/accuracy.py and torch_assert_accuracy in tester/base.py, in which the two
    numbers stand until they became options of the command
    """
    import torch

    for got, eager, _ in _compared(at, "float32", wide="float32"):
        torch.testing.assert_close(got, eager, atol=1e-2, rtol=1e-2, equal_nan=True)


def _compared(at: Examined, dtype: str, *, wide: str) -> list[Compared]:
    import torch

    narrow = Pair(stored_in(at.subject, dtype), "float32")
    count = len(narrow.inputs)
    eager, wider = results(at, dtype)[-count:], results(at, wide, stored=dtype)[-count:]
    got = narrow.vjp(*narrow.inputs)[1](narrow.cotangents)

    def held(array: Array) -> Any:
        return torch.from_numpy(np.array(array)).to(getattr(torch, dtype))

    return [
        (held(to_bfloat16(g) if dtype == "bfloat16" else g), held(e), torch.from_numpy(np.array(w)))
        for g, e, w in zip(got, eager, wider, strict=True)
    ]


KERNELS: dict[str, Rule] = {
    "torch._dynamo same, 2x or 3x, float32": partial(dynamo_same, dtype="float32"),
    "torch._dynamo same, 3x, bfloat16": partial(dynamo_same, dtype="bfloat16"),
    "flash-attention, 2x, float32": partial(flash_attention, dtype="float32"),
    "flash-attention, 2x, bfloat16": partial(flash_attention, dtype="bfloat16"),
    "xformers, 5e-4 and 1e-4, float32": partial(allclose, dtype="float32", atol=5e-4, rtol=1e-4),
    "xformers, 0.7 and 0.1, bfloat16": partial(allclose, dtype="bfloat16", atol=0.7, rtol=0.1, upcast=True),
    "Liger-Kernel cross entropy, 1e-8 and 1e-6": partial(allclose, dtype="float32", atol=1e-8, rtol=1e-6),
    "Liger-Kernel layer norm, 1e-5": partial(allclose, dtype="float32", atol=1e-5, rtol=1e-5),
    "Liger-Kernel softmax, 5e-2, bfloat16": partial(allclose, dtype="bfloat16", atol=5e-2, rtol=5e-2),
    "KernelBench, 1e-4": partial(allclose, dtype="float32", atol=1e-4, rtol=1e-4),
    "KernelBench at first, 1e-2": partial(allclose, dtype="float32", atol=1e-2, rtol=1e-2),
    "robust-kbench, 1e-5": partial(allclose, dtype="float32", atol=1e-5, rtol=1e-5),
    "PaddleAPITest, 1e-2": paddle_api_test,
}
