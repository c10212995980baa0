"""What is timed at which sizes, and what the reference aims at. Nothing here computes."""

from __future__ import annotations

import reference

CLASSES = 10
VOCABULARY = 64
HEADS = 4
"""What all networks have, whatever their size."""

FULLY_CONNECTED: dict[str, tuple[int, ...]] = {
    "4x2x3": (4, 2, 3),
    "64x64x128": (64, 64, 128),
    "256x256x512": (256, 256, 512),
    "1024x1024x2048": (1024, 1024, 2048),
}
"""From the XOR network up: x is (batch, inputs), and there are so many hidden units."""

_MODELS: dict[str, dict[str, tuple[int, ...]]] = {
    "two_layer": FULLY_CONNECTED,
    "mlp": FULLY_CONNECTED,
    # (batch, side, kernel, channels of the images and after each stage): the recipe's on digits; LeNet-5's widths and kernel
    "lenet": {"32x1x8x8": (32, 8, 3, 1, 8, 16), "64x1x28x28": (64, 28, 5, 1, 6, 16)},
    # (batch, side, channels of the images, after the stem and after each block)
    "resnet": {"32x1x8x8": (32, 8, 1, 8, 8, 16), "32x3x16x16": (32, 16, 3, 16, 16, 32)},
    # (batch, steps, inputs, hidden): digits row by row, and a longer sequence
    "lstm_classifier": {"32x8x8x128": (32, 8, 8, 128), "32x64x128x128": (32, 64, 128, 128)},
    "gru_classifier": {"32x8x8x128": (32, 8, 8, 128)},
    # (batch, context, width, layers)
    "gpt": {"8x64x128x4": (8, 64, 128, 4)},
    # (batch, inputs, hidden, codes or embedding)
    "vae": {"128x784x512x32": (128, 784, 512, 32)},
    "siamese": {"64x784x512x32": (64, 784, 512, 32)},
}
"""Model -> name of a size -> what its problem in benchmarks/networks.py takes."""

MODELS = {name: sizes for name, sizes in _MODELS.items() if name in reference.MODELS}


def arguments(model: str, size: str) -> tuple[int, ...]:
    """What the problem of a model takes at a size: one of `MODELS`, or numbers joined by x, as benchmarks/sweeps.py has them."""
    return MODELS[model].get(size) or tuple(int(number) for number in size.split("x"))


OPS = {
    "linear": "256x512 to 512",
    "conv2d": "16x32x32x32, 3x3 to 64",
    "max_pool2d": "16x64x32x32, 2x2",
    "batch_norm": "16x64x32x32",
    "layer_norm": "512x768",
    "lstm": "32x64 steps, 128 to 128",
    "scaled_dot_product_attention": "8x8 heads, 128x128, 64",
    "gelu": "1024x1024",
    "softmax": "512x1000",
    "cross_entropy": "512x1000",
}
"""The ops that are timed by themselves, forward and forward+backward, and at which size."""

PEERS = {"autograd": ("two_layer", "mlp"), "mygrad": ("two_layer", "mlp", "lenet")}
"""Libraries that differentiate NumPy programs, and the models that are spelled in them (benchmarks/peers); no adapters. Autograd
has no convolution but by loops over SciPy's."""

BROKEN = {("lstm_classifier", "torch-inductor-cpu"): "torch.ops.aten.mkldnn_rnn_layer"}
"""(model, implementation) -> what the framework says where its training step cannot run. Strict both ways.

PyTorch 2.13 compiles an LSTM that is a part of a whole graph (`allow_rnn`, off by default) into oneDNN's, whose derivative fails
where the input needs no gradient, as in training.
"""

ASKED_OF_MODELS = {"mlp": 1.15, "gpt": 2.0, "lstm_classifier": 1.2, "lenet": 3.0, "resnet": 3.0}
"""A training step of the reference within so many times what PyTorch takes, eager, on one thread of a CPU."""
ASKED_OF_OPS = {
    "linear": 2.0, "conv2d": 3.0, "max_pool2d": 4.0, "batch_norm": 4.0, "layer_norm": 2.0, "lstm": 2.0,
    "scaled_dot_product_attention": 2.0, "gelu": 4.0, "softmax": 2.0, "cross_entropy": 2.0,
}  # fmt: skip
"""Likewise forward+backward."""
ASKED_OF_PEERS = 1.5
"""A training step of a peer takes at least so many times what the reference takes."""
