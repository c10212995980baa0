"""Lines that every script has: a framework's way to call a function and to differentiate it, as NumPy arrays."""

from __future__ import annotations

IMPORTS = {
    "torch": ["import torch"],
    "tensorflow": ["import tensorflow as tf"],
    "jax": ["import jax", "import jax.numpy as jnp"],
    "numpy": [],
}
CONVERT = {"torch": "torch.tensor", "tensorflow": "tf.constant", "jax": "jnp.asarray", "numpy": "np.asarray"}
"""What makes a tensor of an array."""

_TORCH = '''
def with_torch(forward, values, stored, computed, dout):
    """What forward returns in a dtype, and the gradients of <dout, out>. Values are rounded to `stored` first."""
    tensors = {
        name: torch.tensor(value).to(getattr(torch, stored)).to(getattr(torch, computed)).requires_grad_()
        for name, value in values.items()
    }
    out = forward(**tensors)
    results = {"out": out.detach().double().numpy()}
    if dout is not None and out.requires_grad:
        found = torch.autograd.grad(out, list(tensors.values()), torch.tensor(dout).to(out.dtype), allow_unused=True)
        results |= {f"d{name}": g.double().numpy() for name, g in zip(tensors, found) if g is not None}
    return results
'''
_TENSORFLOW = '''
def with_tensorflow(forward, values, stored, computed, dout):
    """What forward returns in a dtype, and the gradients of <dout, out>. Values are rounded to `stored` first."""
    tensors = {name: tf.cast(tf.cast(tf.constant(value), stored), computed) for name, value in values.items()}
    with tf.GradientTape() as tape:
        tape.watch(list(tensors.values()))
        out = forward(**tensors)
    results = {"out": tf.cast(out, "float64").numpy()}
    if dout is not None:
        found = tape.gradient(out, tensors, output_gradients=tf.cast(tf.constant(dout), out.dtype))
        results |= {f"d{name}": tf.cast(g, "float64").numpy() for name, g in found.items() if g is not None}
    return results
'''
_JAX = '''
jax.config.update("jax_enable_x64", True)


def with_jax(forward, values, stored, computed, dout):
    """What forward returns in a dtype, and the gradients of <dout, out>. Values are rounded to `stored` first."""
    tensors = {name: jnp.asarray(value).astype(stored).astype(computed) for name, value in values.items()}
    out, pull = jax.vjp(lambda given: forward(**given), tensors)
    results = {"out": np.asarray(out.astype("float64"))}
    if dout is not None:
        (found,) = pull(jnp.asarray(dout).astype(out.dtype))
        results |= {f"d{name}": np.asarray(g.astype("float64")) for name, g in found.items()}
    return results
'''
_NUMPY = '''
def with_numpy(forward, values, stored, computed, dout):
    """What forward returns in a dtype. Values are rounded to `stored` first."""
    return {"out": np.asarray(forward(**{name: v.astype(stored).astype(computed) for name, v in values.items()}))}
'''
HELPERS = {"torch": _TORCH, "tensorflow": _TENSORFLOW, "jax": _JAX, "numpy": _NUMPY}
DIFFERENCES = '''

def differences(name):
    """The derivative of <dout, out> for each element of an input, by central differences with one extrapolation."""
    start = {helper}({forward}, values, "float64", "float64", None)["out"]

    def value(array):
        out = {helper}({forward}, {{**values, name: array}}, "float64", "float64", None)["out"]
        return np.sum((out - start) * dout)

    found = np.zeros(values[name].shape)
    for index in np.ndindex(found.shape):
        step = np.zeros(found.shape)
        step[index] = 1e-3 * max(abs(values[name][index]), 0.1)
        near, far = [(value(values[name] + h * step) - value(values[name] - h * step)) / (2 * h * step[index]) for h in (0.5, 1)]
        found[index] = (4 * near - far) / 3
    return found


'''
