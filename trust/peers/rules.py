"""What other libraries call a right gradient: each rule from its documentation, with its constants. A rule that is a function
is called. No other file of this repository but kernels.py and conformance/rules.py holds such constants.

A rule gets an `Examined`, and returns, or raises AssertionError if it finds the gradient wrong. It raises `Inapplicable` if it
cannot be asked. All rules get the same inputs. Rules that compare with a framework get PyTorch's gradient of the same op, with
the same random cotangent (tinygrad's rule uses ones): rules are compared, not frameworks. Where a rule leaves a choice, the
better one is taken.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from trust.peers.examined import Examined, Rule, results
from trust.peers.functions import FUNCTIONS
from trust.peers.kernels import KERNELS
from trust.peers.ours import OURS
from trust.peers.wrapped import Arrays, Pair, autograd_function, jax_vjp, tensorflow_function, torch_function


def torch_gradcheck(at: Examined, *, fast_mode: bool = False, **constants: float) -> None:
    """torch.autograd.gradcheck in float64: eps 1e-6, atol 1e-5, rtol 1e-3, the whole Jacobian; or one random projection of it.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html (run for real, with its defaults)
    """
    import torch
    from torch.autograd.gradcheck import GradcheckError

    pair = at.pair("float64", whole_jacobian=not fast_mode)
    torch.manual_seed(at.subject.seed)
    inputs = tuple(torch.from_numpy(x).requires_grad_() for x in pair.inputs)
    try:
        torch.autograd.gradcheck(torch_function(pair), inputs, fast_mode=fast_mode, **constants)
    except GradcheckError as error:
        raise AssertionError(str(error)) from error


def jax_check_vjp(at: Examined, *, dtype: str) -> None:
    """jax.test_util.check_vjp: one random direction, eps 1e-4, atol = rtol = 1e-5 in float64 and 2e-3 in float32.

    https://docs.jax.dev/en/latest/_autosummary/jax.test_util.check_vjp.html (run for real, with its defaults, on NumPy functions)
    """
    from gradwitness import frameworks

    frameworks.load("jax")  # float64 on: without it check_vjp would take the tolerance of float32 for both
    from jax.test_util import check_vjp

    pair = at.pair(dtype)
    check_vjp(*jax_vjp(pair), pair.inputs)


def autograd_check_grads(at: Examined) -> None:
    """HIPS autograd's check_grads in float64: one random direction, eps 1e-6, and either 1e-6 absolute or 1e-6 relative.

    https://github.com/HIPS/autograd/blob/master/autograd/test_util.py (run for real, for each argument as its combo_check does,
    in reverse mode and first order: a primitive with defvjp has nothing else)
    """
    from autograd.test_util import check_grads

    pair = at.pair("float64")
    np.random.seed(at.subject.seed % 2**32)  # noqa: NPY002 - autograd draws its directions from it
    for which in range(len(pair.inputs)):
        check_grads(autograd_function(pair), which, modes=["rev"], order=1)(*pair.inputs)


TENSORFLOW = {"float32": 1e-3, "float64": 1e-5}


def tensorflow_compute_gradient(at: Examined, *, dtype: str) -> None:
    """tf.test.compute_gradient, the whole Jacobian with delta 1/1024, and assertAllClose with rtol = atol = 1e-5 in float64, 1e-3
    in float32: what TensorFlow's own tests of its elementwise ops take.

    https://www.tensorflow.org/api_docs/python/tf/test/compute_gradient (run for real); the threshold, which it leaves to users,
    from tensorflow/python/kernel_tests/math_ops/cwise_ops_test.py
    """
    import tensorflow as tf

    pair = at.pair(dtype, whole_jacobian=True)
    theoretical, numerical = tf.test.compute_gradient(tensorflow_function(pair), [tf.constant(x) for x in pair.inputs])
    for analytic, difference in zip(theoretical, numerical, strict=True):
        np.testing.assert_allclose(analytic, difference, rtol=TENSORFLOW[dtype], atol=TENSORFLOW[dtype])


def torch_assert_close(at: Examined, *, dtype: str) -> None:
    """torch.testing.assert_close: rtol 1.3e-6, atol 1e-5 in float32, 1e-7 both in float64.

    https://docs.pytorch.org/docs/stable/testing.html (run for real, with its defaults)
    """
    import torch

    for actual, expected in _against_torch(at, dtype):
        torch.testing.assert_close(torch.from_numpy(actual), torch.from_numpy(expected))


def all_close(at: Examined, *, atol: float, rtol: float, ones: bool = False) -> None:
    """numpy.testing.assert_allclose in float32, as Keras and tinygrad call it.

    Keras: atol = rtol = 1e-6, the defaults of assertAllClose in keras/src/testing/test_case.py.
    tinygrad: atol 1e-4, rtol 1e-3 and the gradient of the sum of out, the defaults of helper_test_op in test/test_ops.py, where
    the other side is PyTorch's, too.
    """
    for actual, expected in _against_torch(at, "float32", ones=ones):
        np.testing.assert_allclose(actual, expected, atol=atol, rtol=rtol)


def llm_c_check_tensor(at: Examined) -> None:
    """llm.c: no element further than 2e-2 from PyTorch's, in float32.

    https://github.com/karpathy/llm.c/blob/master/test_gpt2.c, check_tensor
    """
    for actual, expected in _against_torch(at, "float32"):
        if not (np.abs(actual - expected) <= 2e-2).all():
            raise AssertionError("TENSOR NOT OK")


def array_api_isclose(at: Examined, *, abs_tol: float) -> None:
    """array-api-tests: math.isclose elementwise with rel_tol = 0.25 and abs_tol = 1, "very generous defaults"; here in float32.

    https://github.com/data-apis/array-api-tests, array_api_tests/test_operators_and_elementwise_functions.py, isclose. It checks
    no gradients: this is what its rule would do for them. As given it lets what is small pass: so abs_tol = 0 is asked, too.
    """
    for actual, expected in _against_torch(at, "float32"):
        for a, b in zip(actual.ravel().tolist(), expected.ravel().tolist(), strict=True):
            if math.isnan(a) or not math.isclose(a, b, rel_tol=0.25, abs_tol=abs_tol):
                raise AssertionError(f"{a} for {b}")


def nablafuzz(at: Examined) -> None:
    """NablaFuzz: gradcheck in float64 with eps 1e-6, atol 1e-1, rtol 1e-3; what fails is kept only if numerical Jacobians at five
    random neighbours, each within 1e-4, are close to the one at the point.

    https://github.com/ise-uiuc/NablaFuzz, NablaFuzz-PyTorch-Jax/src/helper_torch.py, NDCheck and is_differentiable. The latter
    gives torch.allclose its atol where rtol is expected; so it is done here.
    """
    try:
        torch_gradcheck(at, eps=1e-6, atol=1e-1, rtol=1e-3)
    except AssertionError:
        if _same_nearby(at.pair("float64"), at.subject.seed):
            raise


def _same_nearby(pair: Pair, seed: int) -> bool:
    rng = np.random.default_rng(seed)

    def jacobian(inputs: Arrays) -> list[Any]:
        columns = []
        for x in inputs:
            for index in np.ndindex(x.shape):
                right, eps = x[index], 1e-6
                x[index] = right + eps
                above = pair.forward(*inputs)
                x[index] = right - eps
                below = pair.forward(*inputs)
                x[index] = right
                columns.append([(a - b) / (2 * eps) for a, b in zip(above, below, strict=True)])
        return columns

    out, here = pair.forward(*pair.inputs), jacobian(pair.inputs)
    for _ in range(5):
        near = tuple(x + rng.uniform(-1e-4, 1e-4, x.shape) for x in pair.inputs)
        if not all(np.allclose(a, b, atol=1e-1, rtol=1e-3) for a, b in zip(out, pair.forward(*near), strict=True)):
            return False
        there = jacobian(near)
        for a, b in zip(here, there, strict=True):
            if not all(np.allclose(p, q, rtol=1e-1, atol=1e-3) for p, q in zip(a, b, strict=True)):
                return False
    return True


def _against_torch(at: Examined, dtype: str, ones: bool = False) -> list[tuple[Any, Any]]:
    pair = at.pair(dtype)
    douts = tuple(np.ones_like(c) for c in pair.cotangents) if ones else pair.cotangents
    expected = results(at, dtype, ones=ones)[-len(pair.inputs) :]
    return list(zip(pair.vjp(*pair.inputs)[1](douts), expected, strict=True))


PEERS: dict[str, Rule] = {
    "PyTorch gradcheck": torch_gradcheck,
    "PyTorch gradcheck, fast": partial(torch_gradcheck, fast_mode=True),
    "JAX check_vjp, float64": partial(jax_check_vjp, dtype="float64"),
    "JAX check_vjp, float32": partial(jax_check_vjp, dtype="float32"),
    "HIPS autograd check_grads": autograd_check_grads,
    "TensorFlow compute_gradient, float64": partial(tensorflow_compute_gradient, dtype="float64"),
    "TensorFlow compute_gradient, float32": partial(tensorflow_compute_gradient, dtype="float32"),
    "torch.testing.assert_close, float64": partial(torch_assert_close, dtype="float64"),
    "torch.testing.assert_close, float32": partial(torch_assert_close, dtype="float32"),
    "Keras assertAllClose, 1e-6": partial(all_close, atol=1e-6, rtol=1e-6),
    "tinygrad helper_test_op, ones": partial(all_close, atol=1e-4, rtol=1e-3, ones=True),
    "llm.c check_tensor, 2e-2": llm_c_check_tensor,
    "NablaFuzz, 1e-1 and 1e-3": nablafuzz,
    "array-api-tests isclose, 0.25 and 1": partial(array_api_isclose, abs_tol=1),
    "array-api-tests isclose, 0.25 alone": partial(array_api_isclose, abs_tol=0),
}
RULES: dict[str, Rule] = OURS | FUNCTIONS | PEERS | KERNELS
