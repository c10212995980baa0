"""Functions of PyTorch at points where they are degenerate."""

from __future__ import annotations

import pytest

from gradwitness import check_function

torch = pytest.importorskip("torch", reason="its functions are checked")


def test_nan_for_an_arbitrary_basis_is_no_mistake() -> None:
    """The eigenvectors of the identity are any basis: a step to one side gives another than a step to the other."""
    (finding,) = (f for f in check_function(lambda x: torch.linalg.eigh(x)[1], (torch.eye(3).double(),)) if f.about == "dx")
    assert finding.verdict == "undefined"


def test_what_is_masked_by_infinity_is_not_moved() -> None:
    x = torch.tensor([-torch.inf, 1, 2], dtype=torch.float64)
    (finding,) = (f for f in check_function(lambda x: torch.logsumexp(x, 0), (x,)) if f.about == "dx")
    assert (finding.verdict, finding.message) == ("right", "1 element is infinite and cannot be moved: not checked")


def test_the_determinant_of_a_singular_matrix() -> None:
    """Its derivative is the matrix of cofactors, here (1, -1; -1, 1); PyTorch 2.13 returns zeros."""
    x = torch.ones(2, 2, dtype=torch.float64, requires_grad=True)
    zeros = not torch.autograd.grad(torch.linalg.det(x), x)[0].any()
    (finding,) = (f for f in check_function(torch.linalg.det, (x.detach(),)) if f.about.startswith("d"))
    assert finding.verdict == ("wrong" if zeros else "right")
