"""The PyTorch adapter: torch.nn.functional, torch.nn.Module, torch.optim."""

MISSING = {
    "lion": "torch.optim has no Lion",
    "lamb": "torch.optim has no LAMB",
    "lars": "torch.optim has no LARS",
}
"""What the reference has and PyTorch does not -> why."""
