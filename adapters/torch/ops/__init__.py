"""The reference's ops in PyTorch: torch.nn.functional."""
