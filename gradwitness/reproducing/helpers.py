"""Lines that every script has: a framework's way to call a function and to differentiate it, as NumPy arrays.

Random numbers are the same in each call, if the function draws any.
"""

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
def differentiated_torch(forward, values, stored="float64", computed="float64"):
    """What forward returns, and a function that gives the gradients of <dout, out>. Values are rounded to `stored` first."""
    torch.manual_seed(0)
    tensors = {
        name: torch.tensor(value).to(getattr(torch, stored)).to(getattr(torch, computed)).requires_grad_()
        for name, value in values.items()
    }
    out = forward(**tensors)

    def pull(dout):
        found = [None] * len(tensors)
        if out.requires_grad:
            cotangent = torch.tensor(dout).to(out.dtype)
            found = torch.autograd.grad(out, list(tensors.values()), cotangent, retain_graph=True, allow_unused=True)
        return {f"d{name}": 0 * values[name] if g is None else np.array(g.double().numpy()) for name, g in zip(tensors, found)}

    return np.array(out.detach().double().numpy()), pull
'''
_TENSORFLOW = '''
def differentiated_tensorflow(forward, values, stored="float64", computed="float64"):
    """What forward returns, and a function that gives the gradients of <dout, out>. Values are rounded to `stored` first."""
    tf.random.set_seed(0)
    tensors = {name: tf.cast(tf.cast(tf.constant(value), stored), computed) for name, value in values.items()}
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(list(tensors.values()))
        out = forward(**tensors)

    def pull(dout):
        zero = tf.UnconnectedGradients.ZERO
        found = tape.gradient(out, tensors, output_gradients=tf.cast(tf.constant(dout), out.dtype), unconnected_gradients=zero)
        return {f"d{name}": tf.cast(tf.convert_to_tensor(g), "float64").numpy() for name, g in found.items()}

    return tf.cast(out, "float64").numpy(), pull
'''
_JAX = '''
jax.config.update("jax_enable_x64", True)


def differentiated_jax(forward, values, stored="float64", computed="float64"):
    """What forward returns, and a function that gives the gradients of <dout, out>. Values are rounded to `stored` first."""
    tensors = {name: jnp.asarray(value).astype(stored).astype(computed) for name, value in values.items()}
    out, pulled = jax.vjp(lambda given: forward(**given), tensors)

    def pull(dout):
        (found,) = pulled(jnp.asarray(dout).astype(out.dtype))
        return {f"d{name}": np.asarray(g.astype("float64")) for name, g in found.items()}

    return np.asarray(out.astype("float64")), pull
'''
_NUMPY = '''
def with_numpy(forward, values, stored, computed, dout):
    """What forward returns in a dtype. Values are rounded to `stored` first."""
    return {"out": np.asarray(forward(**{name: v.astype(stored).astype(computed) for name, v in values.items()}))}
'''
_BOTH = '''

def with_{name}(forward, values, stored, computed, dout):
    """What forward returns in a dtype, and the gradients for a cotangent."""
    out, pull = differentiated_{name}(forward, values, stored, computed)
    return {{"out": out, **({{}} if dout is None else pull(dout))}}
'''
HELPERS = {name: text + _BOTH.format(name=name) for name, text in (("torch", _TORCH), ("tensorflow", _TENSORFLOW), ("jax", _JAX))}
HELPERS["numpy"] = _NUMPY
DIFFERENCES = '''

def differences(name):
    """The derivative of <dout, out> for each element of an input, by central differences with one extrapolation."""
    start = {helper}({forward}, values, {dtype!r}, {dtype!r}, None)["out"]

    def value(array):
        out = {helper}({forward}, {{**values, name: array}}, {dtype!r}, {dtype!r}, None)["out"]
        return np.sum((out - start) * dout)

    found = np.zeros(values[name].shape)
    for index in np.ndindex(found.shape):
        step = np.zeros(found.shape)
        step[index] = {step} * max(abs(values[name][index]), 0.1)
        near, far = [(value(values[name] + h * step) - value(values[name] - h * step)) / (2 * h * step[index]) for h in (0.5, 1)]
        found[index] = (4 * near - far) / 3
    return found


'''
