"""The reference's convolutions in PyTorch."""
