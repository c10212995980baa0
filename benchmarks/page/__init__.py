"""Results of `python -m benchmarks run` as a page and as figures: figures.py draws, report.py writes."""
