"""The layouts of flax's layers that need more than a line beside their op."""
