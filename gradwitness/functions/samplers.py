"""Random numbers whose gradient is implicit: of gamma, beta, Dirichlet and Student's t variables.

They are drawn by rejection, so that the number that comes for a given state of the generator is a broken function of the
parameters. Frameworks give the derivative at a given probability instead, -dF/da / dF/dx of the distribution's F
(Figurnov, Mohamed, Mnih, "Implicit reparameterization gradients", 2018). It is right in the mean over draws. Differences at the
same state of the generator are another number, and say nothing about it.
"""

from __future__ import annotations

from collections.abc import Iterator

from gradwitness.report.findings import Finding
from gradwitness.subjects.tensors.function import Differentiated

IMPLICIT = (
    "It is not the derivative at the same state of the generator, and need not be: forward draws gamma, beta, Dirichlet or "
    "Student's t variables, whose gradient is implicit. It is right in the mean over draws, which differences cannot tell. Give "
    "the draws as an input, and what follows is judged"
)


def but_for_samples(subject: Differentiated, found: list[Finding]) -> Iterator[Finding]:
    """The same findings; nothing is told of gradients that are wrong where such numbers are drawn."""
    drawn = any(finding.verdict == "wrong" for finding in found) and subject.operations.implicit
    for finding in found:
        if drawn and finding.verdict == "wrong":
            yield Finding(finding.about, "cannot tell", IMPLICIT, of=finding.of)
        else:
            yield finding
