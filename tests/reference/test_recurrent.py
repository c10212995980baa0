"""Recurrent layers where a case cannot stand: sizes of zero, and pre-activations beyond the range of exp."""

import numpy as np
import pytest

from conformance.run import subject
from reference import OPS, Op

LAYERS = [OPS[name] for name in ("rnn_tanh", "lstm", "gru", "lstm_cell", "gru_cell")]


WITHOUT = {
    "samples": {"x": np.s_[:0], "h": np.s_[:0], "c": np.s_[:0]},
    "inputs": {"x": np.s_[..., :0], "weight_input": np.s_[:0]},
}


@pytest.mark.parametrize("what", WITHOUT)
@pytest.mark.parametrize("op", LAYERS, ids=lambda op: op.name)
def test_a_layer_without_samples_or_inputs_has_gradients_too(op: Op, what: str) -> None:
    at = subject(op, op.cases[0])
    inputs = [value[WITHOUT[what].get(name, ...)] for name, value in zip(at.arguments, at.inputs, strict=True)]
    out, cache = op.forward(*inputs)
    dout = tuple(np.ones_like(o) for o in out) if isinstance(out, tuple) else np.ones_like(out)
    grads = op.backward(dout, cache)
    assert [g.shape for g in grads] == [a.shape for a in inputs]
    assert any(g.any() for g in grads) == (what == "inputs")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("op", LAYERS, ids=lambda op: op.name)
def test_gates_may_be_shut_or_open_beyond_the_range_of_exp(op: Op) -> None:
    *others, bias = (a.astype(np.float32) for a in subject(op, op.cases[0]).inputs)
    bias = np.where(np.arange(bias.size) % 2, 1e4, -1e4).astype(np.float32)
    out, cache = op.forward(*others, bias)
    outs = out if isinstance(out, tuple) else (out,)
    dout = tuple(np.ones_like(o) for o in outs)
    grads = op.backward(dout if isinstance(out, tuple) else dout[0], cache)
    assert all(np.isfinite(a).all() for a in (*outs, *grads))
