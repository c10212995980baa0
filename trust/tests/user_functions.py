"""What the tests of user code share."""

from __future__ import annotations

from gradwitness.subjects.function import Function
from gradwitness.subjects.handwritten import Pair
from gradwitness.subjects.loss import Loss
from trust.user_code.entry import UserFunction


def examined(function: UserFunction, draw: int) -> Function:
    """What check and check_loss make of a function and its inputs."""
    functions, inputs = function.at(draw)
    if function.call == "check":
        return Pair(*functions, inputs, **function.options)
    return Loss(*functions, inputs[0], inputs[1:], **function.options)
