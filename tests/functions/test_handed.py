"""What people hand over: modules, tied weights, dropout, batch norm, closures, layers of Keras, modules of flax, modes."""

from __future__ import annotations

import dataclasses
import functools
from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness import check_function

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

nn, F = torch.nn, torch.nn.functional
X = torch.linspace(-1, 1, 12).reshape(3, 4)
Pair = namedtuple("Pair", "first rest")


class Tied(nn.Module):
    """An embedding whose matrix is that of the output as well; integers, numbers, a flag and None come by keyword."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.out = nn.Embedding(5, 3), nn.Linear(3, 5, bias=False)
        self.out.weight = self.embedding.weight

    def forward(self, tokens: Any, scale: float = 1.0, flag: bool = False, mask: Any = None) -> Any:
        hidden = self.embedding(tokens) * scale
        if mask is not None:
            hidden = hidden.masked_fill(mask[..., None], 0.0)
        return {"logits": self.out(hidden), "hidden": hidden} if flag else self.out(hidden)


class Power(torch.autograd.Function):
    @staticmethod
    def forward(x: Any, power: int) -> Any:
        return x**power

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:  # noqa: ARG004  PyTorch hands it over
        ctx.save_for_backward(inputs[0])
        ctx.power = inputs[1]

    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        (x,) = ctx.saved_tensors
        return dout * ctx.power * x ** (ctx.power - 1), None


def normed() -> Any:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Tanh(), nn.Dropout(0.5), nn.Linear(5, 2))


TOKENS = torch.tensor([[1, 2, 3], [0, 0, 4]])
HANDED: dict[str, Callable[[], tuple[Any, Any, dict[str, Any]]]] = {
    "batch norm and dropout in training": lambda: (normed(), (X,), {}),
    "tied weights": lambda: (Tied(), TOKENS, {"kwargs": {"scale": 2.0, "flag": True, "mask": TOKENS > 2}}),
    "arguments by name": lambda: (Tied(), {"tokens": TOKENS, "flag": True}, {"wrt": "embedding.weight"}),
    "a lambda around a module": lambda: (functools.partial(lambda module, x: module(x), nn.Linear(4, 2)), (X,), {}),
    "a bound method": lambda: (nn.Linear(4, 2).forward, X, {}),
    "a Function with setup_context": lambda: (Power.apply, (X + 2, 3), {}),
    "a namedtuple of outputs": lambda: (lambda x: Pair(x.sin(), (x.cos(), [x.sum()])), (X,), {}),
    "a tensor without axes": lambda: (lambda x: x * x, torch.tensor(2.0), {}),
    "a view": lambda: (torch.sin, X.t()[1:], {}),
    "bfloat16": lambda: (nn.Linear(4, 2).bfloat16(), X.bfloat16(), {}),
    "complex outputs": lambda: (torch.fft.fft, (X[0],), {}),
    "a dict of parameters": lambda: (lambda p, x: x @ p["w"] + p["b"], ({"w": X.t() + 1, "b": X[0, :3]}, X), {}),
    "a recurrent module": lambda: (nn.LSTM(4, 3), (X[None],), {}),
}


@pytest.mark.parametrize("name", HANDED)
def test_it_is_right(name: str) -> None:
    function, inputs, options = HANDED[name]()
    report = check_function(function, inputs, **options)
    assert report.ok, str(report)


def test_parameters_have_findings_of_their_own() -> None:
    report = check_function(nn.Linear(4, 2), X)
    assert {"dinput", "dweight", "dbias"} <= {finding.about for finding in report}


def test_a_layer_of_keras_in_three_modes() -> None:
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    layer = keras.layers.Dense(2, activation="tanh", name="dense_of_a_test")
    report = check_function(layer, (tf.constant(X.numpy()),), modes=("eager", "graph", "xla"))
    assert report.ok, str(report)
    assert report["ddense_of_a_test/kernel"].verdict == report["float32, xla: ddense_of_a_test/kernel"].verdict == "right"


@pytest.mark.parametrize("trainable", [False, True])
def test_nothing_flows_back_through_what_a_layer_of_keras_assigns(trainable: bool) -> None:
    """As in TensorFlow itself. The gradient of a parameter that was assigned to is the gradient of what is read."""
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    keras = pytest.importorskip("keras", reason="Keras is not installed")

    class Assigning(keras.Layer):  # type: ignore[misc]  # Keras has no types
        def build(self, shape: Any) -> None:
            self.scale = self.add_weight(shape=shape[-1:], initializer="ones", trainable=trainable, name="scale")

        def call(self, x: Any) -> Any:
            self.scale.assign(self.scale * 0.5 if trainable else keras.ops.mean(x, 0))
            return x * self.scale

    x = tf.constant(np.random.default_rng(0).normal(size=(4, 3)))
    layer = Assigning(dtype="float64", name="assigning")
    layer.build(x.shape)
    report = check_function(layer, x)
    assert report["dassigning/scale" if trainable else "dx"].verdict == "wrong"
    assert "got 0" not in str(report)


def test_a_variable_that_a_tf_function_counts_with_is_left_alone() -> None:
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

    class Counting(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight, self.calls = tf.Variable(tf.ones((4, 2)) / 4), tf.Variable(0, trainable=False)

        @tf.function
        def __call__(self, x: Any) -> Any:
            self.calls.assign_add(1)
            return tf.tanh(x @ self.weight)

    module = Counting()
    report = check_function(module, (tf.constant(X.numpy()),), modes=("eager", "graph"))
    assert report.ok, str(report)
    assert int(module.calls) == 0


def test_a_sparse_gradient() -> None:
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    assert check_function(tf.gather, (tf.Variable(X.numpy()), tf.constant([0, 0, 2]))).ok


def test_a_module_of_flax_with_its_variables() -> None:
    linen = pytest.importorskip("flax.linen", reason="flax is not installed")
    import jax

    x = jax.numpy.asarray(X.numpy())
    layer = linen.Dense(2)
    report = check_function(layer, (layer.init(jax.random.key(0), x), x), modes=("eager", "jit"))
    assert report.ok, str(report)
    assert report["dvariables[params][kernel]"].verdict == "right"


def test_keys_and_integers_are_data_in_jax() -> None:
    jax = pytest.importorskip("jax", reason="JAX is not installed")

    def noisy(x: Any, key: Any, rows: Any) -> Any:
        return (x * jax.random.normal(key, x.shape))[rows]

    report = check_function(noisy, (jax.numpy.asarray(X.numpy()), jax.random.key(1), np.array([0, 0, 2])))
    assert report.ok, str(report)
    assert [finding.about for finding in report if finding.about.startswith("d")] == ["dx"]


@dataclasses.dataclass(frozen=True)
class Fields:
    first: Any
    second: Any


def test_dataclasses_come_and_go() -> None:
    given = Fields(torch.tensor([0.5, -1.5]), torch.tensor([2.0, 0.25]))
    report = check_function(lambda pair: Fields(pair.first * pair.second, pair.second.sin()), given)
    assert report.ok, str(report)
    assert {"dpair[first]", "dpair[second]", "float32: out[first]"} <= {finding.about for finding in report}


def test_a_donated_argument_is_not_read_again() -> None:
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    report = check_function(jax.jit(jax.numpy.sin, donate_argnums=0), jax.numpy.asarray([0.5, -1.5]))
    assert report.ok, str(report)


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")  # that is what is found
def test_a_reentrant_checkpoint() -> None:
    """It is differentiated by backward() alone. Where its input needs no gradient its parameters have none."""
    from torch.utils.checkpoint import checkpoint

    block = nn.Sequential(nn.Linear(4, 2), nn.Dropout(0.5), nn.Tanh())

    class Checkpointed(nn.Module):  # type: ignore[misc]  # torch has no types for it
        def __init__(self) -> None:
            super().__init__()
            self.block = block

        def forward(self, x: Any) -> Any:
            return checkpoint(self.block, x, use_reentrant=True)

    report = check_function(Checkpointed(), X)
    assert [report[about].verdict for about in ("dx", "dblock.0.weight", "dblock.0.bias")] == ["right"] * 3
    assert "there is none" in report["dblock.0.weight alone"].message
    assert all(parameter.grad is None for parameter in block.parameters())


def test_objects_that_are_registered_with_jax_come_and_go() -> None:
    """A state of nnx is one as well. They were taken for data, so that nothing of them was looked at."""
    jax = pytest.importorskip("jax", reason="JAX is not installed")

    @jax.tree_util.register_pytree_node_class
    class Scale:
        def __init__(self, factor: Any) -> None:
            self.factor = factor

        def tree_flatten(self) -> tuple[tuple[Any], None]:
            return (self.factor,), None

        @classmethod
        def tree_unflatten(cls, _: None, children: tuple[Any]) -> Scale:
            return cls(*children)

    def scaled(scale: Scale, x: Any) -> Scale:
        return Scale(jax.lax.stop_gradient(scale.factor) * x)

    inputs = (Scale(jax.numpy.full(3, 2.0)), jax.numpy.arange(1.0, 4.0))
    assert check_function(lambda scale, x: Scale(scale.factor * x), inputs).ok
    report = check_function(scaled, inputs)
    assert {finding.about for finding in report if finding.verdict == "wrong"} == {"dscale[0]"}
    with pytest.raises(ValueError, match=r"scale is a .*Scale, which is not written down: make what it holds inputs"):
        report.reproducer("script.py")


def test_a_state_of_nnx_is_differentiated() -> None:
    nnx = pytest.importorskip("flax.nnx", reason="flax is not installed")
    import jax

    graph, state = nnx.split(nnx.Linear(3, 2, rngs=nnx.Rngs(0)))
    report = check_function(lambda state, x: nnx.merge(graph, state)(x), (state, jax.numpy.ones((4, 3))))
    assert report.ok
    assert {"dstate[kernel][value]", "dstate[bias][value]", "dx"} <= {finding.about for finding in report}


@pytest.mark.parametrize("cell", ["LSTMCell", "GRUCell"])
def test_recurrent_cells_of_nnx_are_examined_in_float64(cell: str) -> None:
    """Their carry was float32 beside parameters in float64: that is an error of lax.scan."""
    nnx = pytest.importorskip("flax.nnx", reason="flax is not installed")
    import jax

    layer = nnx.RNN(getattr(nnx, cell)(2, 1, rngs=nnx.Rngs(0)))
    report = check_function(layer, jax.random.normal(jax.random.key(0), (1, 2, 2)))
    assert report.ok, str(report)
    assert "examined in float64" in str(report)
    assert layer.cell.param_dtype == jax.numpy.float32


def test_a_cell_of_nnx_that_has_a_dtype_computes_in_it() -> None:
    nnx = pytest.importorskip("flax.nnx", reason="flax is not installed")
    import jax

    layer = nnx.RNN(nnx.SimpleCell(2, 1, dtype=jax.numpy.float32, rngs=nnx.Rngs(0)))
    report = check_function(layer, jax.random.normal(jax.random.key(0), (1, 2, 2)))
    assert report.ok, str(report)
    assert not [finding.message for finding in report if "carry" in finding.message]
