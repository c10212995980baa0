"""python -m benchmarks: what there is to measure."""

import argparse
import sys

LISTING = """\
How fast is each framework on the reference's networks, and what does the project itself cost?

  python -m pytest benchmarks                        verify, then time each model: forward, forward+backward, training step
  python -m pytest benchmarks --model mlp            one model; --size, --phase, --adapter, --mode and --peer choose, too
  python -m pytest benchmarks --op linear            one op against each framework
  python -m pytest benchmarks --help                 all options, under "benchmarks"
  python -m benchmarks.calibrate                     what stands behind K: how far each framework is from the truth

Kept results are in benchmarks/results. Everything here needs the extra `bench`: python -m pip install '.[bench]'
"""

if __name__ == "__main__":
    as_written = argparse.RawDescriptionHelpFormatter
    argparse.ArgumentParser("python -m benchmarks", description=LISTING, formatter_class=as_written).parse_args()
    sys.stdout.write(LISTING)
