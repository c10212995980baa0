"""Random networks: compositions of the reference's ops, one forward/backward pair each, for the frameworks to agree with.

network.py   a network: its layers, the pair that it is to the engine, a part of it cut out
the grammar  what may follow what, by the dice: anywhere.py, signals.py (sequences, images, volumes), recurrent.py, losses.py
draw.py      a network at random, from a seed; and by which rules a draw is given up
verify.py    a framework on the same network; and where it differs, the smallest part that does
"""

from tests.networks import anywhere, losses, recurrent, signals

GRAMMAR = {"embedding"}.union(
    anywhere.ACTIVATIONS,
    anywhere.LAYERS,
    signals.SEQUENCES,
    signals.IMAGES,
    signals.VOLUMES,
    signals.WITH_CHANNELS,
    signals.DOWN,
    recurrent.SEQUENCES,
    recurrent.FEATURES,
    losses.ANY_SHAPE,
    losses.FEATURES,
    losses.SEQUENCES,
)
"""The ops that may be in a network."""
