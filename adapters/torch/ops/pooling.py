"""The reference's pooling layers in PyTorch."""
