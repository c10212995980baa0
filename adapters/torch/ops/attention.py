"""The reference's attention in PyTorch."""
