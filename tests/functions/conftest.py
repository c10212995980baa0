"""What is wrong is not explained here, but where a test asks for that."""

from tests.undiagnosed import undiagnosed

__all__ = ["undiagnosed"]
