"""The layouts of Keras's layers that need more than a line beside their op."""
