"""The layouts of torch.nn's layers that need more than a line beside their op."""
