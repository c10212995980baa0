"""The reference's recurrent layers in PyTorch."""
