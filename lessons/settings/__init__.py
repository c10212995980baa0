"""Copy an optimizer's settings from one framework to another, and see how far training goes astray."""
