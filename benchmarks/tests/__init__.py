"""Quick tests of `python -m benchmarks`: nothing here takes a measurement that anybody reads."""
