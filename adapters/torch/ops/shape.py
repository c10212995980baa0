"""The reference's layers that move, repeat or pad in PyTorch."""
