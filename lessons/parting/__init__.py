"""Find the step at which rounding makes a relu decide differently, and two honest runs part."""
