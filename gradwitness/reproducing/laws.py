"""Lines of a script about laws that gradients obey: linear in the cotangent, the same again, whichever inputs need one; and about
second derivatives, forward mode and vmap. For every framework, in float64.
"""

from __future__ import annotations

from gradwitness.report.findings import Finding
from gradwitness.subjects.tensors.precision import EPS

LINEAR, UNUSED, ZERO, AGAIN = "linear in dout", "unused cotangent", "zero cotangent", "again"
BETWEEN, SECOND, ALONE, FAILS = "call in between", "second backward", "alone", "fails"
ORDER, FORWARD, VMAP = "order 2", "forward mode", "vmap"
SAID = {
    LINEAR: "A gradient is linear in the cotangent. This one is not.",
    UNUSED: "A gradient is linear in the cotangent. This one is the same for another cotangent: backward does not use it.",
    ZERO: "For a cotangent of zeros every gradient is zero. This one is not.",
    AGAIN: "The same call gives another result.",
    BETWEEN: "A call with other inputs between forward and backward changes the gradient: something is kept outside of the call.",
    SECOND: "A second backward through the same graph returns another gradient than the first one.",
    ALONE: "Where this input alone needs a gradient it gets another one than where all inputs do.",
    FAILS: "Backward fails where it should give a gradient.",
    ORDER: "The gradient is differentiated once more. Differences of the gradient say that this is not its derivative.",
    FORWARD: "<J v, dout> from forward mode is not <v, J^T dout> from backward, which differences confirm.",
    VMAP: "The function, mapped over a batch, returns other values than calls with one row after the other.",
}
_GRADIENT = """
def gradient(dout):
    return {one}({forward}, values, {dtype!r}, {dtype!r}, dout)[{about!r}]


"""
_BODIES = {
    LINEAR: _GRADIENT
    + """
other = 3 * np.cos(np.arange(dout.size)).reshape(dout.shape)
truth = gradient(dout)
results = {{
    "of -2 dout, divided by -2": gradient(-2 * dout) / -2,
    "of dout + other, less that of other": gradient(dout + other) - gradient(other),
}}
""",
    UNUSED: _GRADIENT
    + """
truth = 3 * gradient(dout)
results = {{"of 3 dout": gradient(3 * dout)}}
""",
    ZERO: _GRADIENT
    + """
truth = 0 * gradient(dout)
results = {{"of 0 dout": gradient(0 * dout)}}
""",
    AGAIN: """
calls = [{one}({forward}, values, {dtype!r}, {dtype!r}, dout)[{about!r}] for _ in range(8)]
truth = calls[0]
results = {{f"call {{i + 1}}": call for i, call in enumerate(calls)}}
""",
    BETWEEN: """
_, pull = {differentiated}({forward}, values, {dtype!r}, {dtype!r})
truth = pull(dout)[{about!r}]
_, pull = {differentiated}({forward}, values, {dtype!r}, {dtype!r})
{differentiated}({forward}, {{name: value + 1 for name, value in values.items()}}, {dtype!r}, {dtype!r})
try:
    results = {{"with a call in between": pull(dout)[{about!r}]}}
except Exception as error:
    print("after a call in between backward fails:", type(error).__name__, error)
    raise SystemExit(1) from None
""",
    SECOND: """
_, pull = {differentiated}({forward}, values, {dtype!r}, {dtype!r})
truth = pull(dout)[{about!r}]
results = {{"a second backward": pull(dout)[{about!r}]}}
""",
    ALONE: """
name = {name!r}
others = {{key: {convert}(value) for key, value in values.items() if key != name}}
truth = {one}({forward}, values, {dtype!r}, {dtype!r}, dout)[{about!r}]
alone = {one}(lambda **given: {forward}(**given, **others), {{name: values[name]}}, {dtype!r}, {dtype!r}, dout)
results = {{f"{{name}} alone needs a gradient": alone[{about!r}]}}
""",
    FAILS: """
name = {name!r}
others = {{key: {convert}(value) for key, value in values.items() if name and key != name}}
given = {{key: value for key, value in values.items() if key not in others}}
try:
    {one}(lambda **given: {forward}(**given, **others), given, {dtype!r}, {dtype!r}, dout)
except Exception as error:
    print("backward fails:", type(error).__name__, error)
    raise SystemExit(1) from None
raise SystemExit(0)
""",
    FORWARD: """
rng = np.random.default_rng(1)
direction = {{name: np.round(rng.normal(size=value.shape), 1) for name, value in values.items()}}
backward = {one}({forward}, values, {dtype!r}, {dtype!r}, dout)
truth = np.asarray(sum(np.sum(v * backward[f"d{{name}}"]) for name, v in direction.items()))
results = {{"forward mode": np.asarray(np.sum(forward_mode({forward}, values, direction) * dout))}}
""",
    VMAP: """
batch = [values, {{name: value + 0.125 for name, value in values.items()}}]
truth = np.stack([{one}({forward}, row, {dtype!r}, {dtype!r}, None)["out"] for row in batch])
results = {{"vmap": mapped({forward}, {{name: np.stack([row[name] for row in batch]) for name in values}})}}
""",
}
_JVP = {
    "torch": '''
def forward_mode(forward, values, direction):
    """J v, by dual numbers."""
    with torch.autograd.forward_ad.dual_level():
        make = torch.autograd.forward_ad.make_dual
        out = forward(**{name: make(torch.tensor(value), torch.tensor(direction[name])) for name, value in values.items()})
        return torch.autograd.forward_ad.unpack_dual(out).tangent.numpy()
''',
    "tensorflow": '''
def forward_mode(forward, values, direction):
    """J v, by a ForwardAccumulator."""
    tensors = {name: tf.constant(value) for name, value in values.items()}
    with tf.autodiff.ForwardAccumulator(list(tensors.values()), [tf.constant(v) for v in direction.values()]) as accumulator:
        out = forward(**tensors)
    return accumulator.jvp(out).numpy()
''',
    "jax": '''
def forward_mode(forward, values, direction):
    """J v, by jax.jvp."""
    tensors, tangents = [{name: jnp.asarray(v) for name, v in each.items()} for each in (values, direction)]
    return np.asarray(jax.jvp(lambda given: forward(**given), (tensors,), (tangents,))[1])
''',
}
_MAPPED = {
    "torch": """
def mapped(forward, batch):
    names = list(batch)
    return torch.func.vmap(lambda *given: forward(**dict(zip(names, given))))(*map(torch.tensor, batch.values())).numpy()
""",
    "tensorflow": """
def mapped(forward, batch):
    return tf.vectorized_map(lambda given: forward(**given), {name: tf.constant(value) for name, value in batch.items()}).numpy()
""",
    "jax": """
def mapped(forward, batch):
    return np.asarray(jax.vmap(lambda given: forward(**given))({name: jnp.asarray(value) for name, value in batch.items()}))
""",
}
_SECOND = {
    "torch": '''
def first_gradient(dout, **tensors):
    """The gradients of <dout, out>, one after the other in one vector."""
    out = {forward}(**tensors)
    found = torch.autograd.grad(out, list(tensors.values()), dout, create_graph=True, allow_unused=True)
    return torch.cat([(0 * t if g is None else g).reshape(-1) for t, g in zip(tensors.values(), found)])
''',
    "tensorflow": '''
def first_gradient(dout, **tensors):
    """The gradients of <dout, out>, one after the other in one vector."""
    with tf.GradientTape() as tape:
        tape.watch(list(tensors.values()))
        out = {forward}(**tensors)
    zero = tf.UnconnectedGradients.ZERO
    found = tape.gradient(out, list(tensors.values()), output_gradients=dout, unconnected_gradients=zero)
    return tf.concat([tf.reshape(tf.convert_to_tensor(g), [-1]) for g in found], 0)
''',
    "jax": '''
def first_gradient(dout, **tensors):
    """The gradients of <dout, out>, one after the other in one vector."""
    _, pull = jax.vjp(lambda given: {forward}(**given), tensors)
    return jnp.concatenate([g.ravel() for g in pull(dout)[0].values()])
''',
}
ENDS = """
wrong = False
print("{about}, {truth}:", truth.tolist())
for name, result in results.items():
    print(f"{about}, {{name}}:", result.tolist())
    size = np.max(np.abs([*truth.ravel(), *result.ravel()]), initial=0)
    wrong |= not np.max(np.abs(result - truth), initial=0) <= {half!r} * size
raise SystemExit(int(wrong))  # 1 where they part in the first half of the digits
"""


def law(finding: Finding) -> str:
    """Which of these a finding is about; empty for none."""
    about, message = finding.about, finding.message
    if about.startswith("order 2: "):
        return ORDER
    if about.endswith(" alone") and "fails where" in message:
        return FAILS
    if about == BETWEEN:
        return BETWEEN  # its backward fails
    if about == "dout" and "does not use it" in message:
        return UNUSED
    ends = {" alone": ALONE, f", {LINEAR}": LINEAR, f", {ZERO}": ZERO, f", {AGAIN}": AGAIN, f", {BETWEEN}": BETWEEN}
    ends |= {f", {SECOND}": SECOND, f", {VMAP}": VMAP, FORWARD: FORWARD}
    if "[" in about and about.endswith(" alone") and "," in about:
        return ""  # a gradient that is wrong where one output alone is used
    return next((kind for end, kind in ends.items() if about.endswith(end)), "")


def lines(kind: str, framework: str, forward: str, about: str, convert: str, name: str, dtype: str) -> str:
    """What a script does to show it.

    about   the result that is looked at: "dx"
    name    of the one input that needs a gradient; empty for all of them
    dtype   in which it is shown
    """
    given = {
        "dtype": dtype,
        "one": f"with_{framework}",
        "differentiated": f"differentiated_{framework}",
        "forward": forward,
        "about": about,
        "convert": convert,
        "name": name,
    }
    before = {FORWARD: _JVP, VMAP: _MAPPED}.get(kind, {}).get(framework, "")
    text = _BODIES[kind].format(**given).strip()
    ends = "" if kind == FAILS else ENDS.format(about=about, truth=_truth(kind), half=EPS[dtype] ** 0.5)
    return "\n".join(filter(None, ["\n" + before if before else "", "\n" if before else "", text, ends.strip()]))


def first_gradient(framework: str, forward: str) -> str:
    """The gradient as a function, which is differentiated again."""
    return _SECOND[framework].format(forward=forward).strip()


def _truth(kind: str) -> str:
    words = {
        UNUSED: "3 times that of dout",
        ZERO: "what it should be",
        AGAIN: "the first call",
        ALONE: "all inputs need one",
        VMAP: "row by row",
        FORWARD: "backward",
    }
    return words.get(kind, "the first backward" if kind in (SECOND, BETWEEN) else "of dout")
