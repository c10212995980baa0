"""Random networks: compositions of the reference's ops, one forward/backward pair each, for the frameworks to agree with.

network.py   a network: its layers, the pair that it is to the engine, a part of it cut out
grammar      what may follow what: anywhere.py, signals.py (sequences, images, volumes), features.py, losses.py
draw.py      a network at random, from a seed; and by which rule a draw is given up
verify.py    a framework on the same network; and where it differs, the smallest part that does
"""
