"""Lines of a script about faults that values at one point do not show, for PyTorch."""

from __future__ import annotations

from gradwitness.report.findings import Finding

OVERWRITTEN, STRIDES_OF_DOUT, STRIDES_OF_INPUTS = "overwritten", "strides of dout", "strides of inputs"
KEPT = "kept"
SAID = {
    OVERWRITTEN: "A tensor that belongs to the caller is overwritten. What comes before in a network computes with wrong values.",
    STRIDES_OF_DOUT: "For the same cotangent in another order of memory there is another gradient: strides are not looked at.",
    STRIDES_OF_INPUTS: "For the same inputs in another order of memory there are other results: strides are not looked at.",
    KEPT: "A later call overwrites the gradient that an earlier one returned: one of two is lost.",
}
_START = """
tensors = {{name: torch.tensor(value).requires_grad_() for name, value in values.items()}}
cotangent = torch.tensor(dout)


def gradients(out, cotangent):
    found = torch.autograd.grad(out, list(tensors.values()), cotangent, retain_graph=True, allow_unused=True)
    return {{f"d{{name}}": None if g is None else g.tolist() for name, g in zip(tensors, found)}}


"""
_LAID = {
    "transposed": '''
def laid(tensor):
    """The same values, with the first axis last in memory."""
    return tensor.movedim(0, -1).clone(memory_format=torch.contiguous_format).movedim(-1, 0)
''',
    "sliced": '''
def laid(tensor):
    """The same values, each second one of a larger tensor."""
    larger = tensor.new_full((*tensor.shape, 2), float("nan"))
    larger[..., 0] = tensor
    return larger[..., 0]
''',
    "expanded": '''
def laid(tensor):
    """One number, seen many times: what the backward of a sum hands over."""
    return tensor.flatten()[:1].reshape((1,) * tensor.dim()).expand(tensor.shape)
''',
}
_BODIES = {
    OVERWRITTEN: """
before = {{name: tensor.detach().clone() for name, tensor in tensors.items()}}
gradients({forward}(**tensors), cotangent)
for name, tensor in tensors.items():
    print(f"{{name}} before:", before[name].tolist(), "after:", tensor.tolist())
print("dout before:", dout.tolist(), "after:", cotangent.tolist())
kept = [torch.equal(before[name], tensor) for name, tensor in tensors.items()] + [torch.equal(torch.tensor(dout), cotangent)]
raise SystemExit(int(not all(kept)))
""",
    STRIDES_OF_DOUT: """
{laid}

other = laid(cotangent)
out = {forward}(**tensors)
plain = gradients(out, other.contiguous())
print("contiguous:", plain)
try:
    laid_out = gradients(out, other)
except Exception as error:
    laid_out = f"{{type(error).__name__}}: {{error}}"
print("{layout}:", laid_out)
raise SystemExit(int(plain != laid_out))
""",
    STRIDES_OF_INPUTS: """
{laid}

found = {{}}
for name, given in (("contiguous", tensors), ("{layout}", {{name: laid(tensor) for name, tensor in tensors.items()}})):
    try:
        out = {forward}(**given)
        found[name] = out.tolist(), gradients(out, cotangent)
    except Exception as error:
        found[name] = type(error).__name__, str(error)
    print(f"{{name}}:", *found[name])
raise SystemExit(int(found["contiguous"] != found["{layout}"]))
""",
    KEPT: """
first = torch.autograd.grad({forward}(**tensors), list(tensors.values()), cotangent, allow_unused=True)
before = [None if gradient is None else gradient.tolist() for gradient in first]
gradients({forward}(**tensors), -2 * cotangent)
after = [None if gradient is None else gradient.tolist() for gradient in first]
print("gradients as they came:", before)
print("the same tensors after another call:", after)
raise SystemExit(int(before != after))
""",
}


def fault(finding: Finding) -> str:
    """Which of these faults a finding is about; empty for none."""
    if finding.about.endswith(f", {KEPT}"):
        return KEPT
    if " overwrites " in finding.message:
        return OVERWRITTEN
    kind = next((kind for kind in (STRIDES_OF_DOUT, STRIDES_OF_INPUTS) if kind in finding.about), "")
    return kind if _layout(finding) else ""


def _layout(finding: Finding) -> str:
    """The order of memory that a finding is about."""
    return next((layout for layout in _LAID if layout in f"{finding.about} {finding.message}"), "")


def lines(kind: str, finding: Finding, forward: str) -> str:
    """What a script does to show it."""
    layout = _layout(finding)
    start = _START.format()
    return start.lstrip() + _BODIES[kind].format(forward=forward, layout=layout, laid=_LAID.get(layout, "").strip()).strip()
