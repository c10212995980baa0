"""Keras on TensorFlow, whatever backend the user's Keras is configured for. Imported before every other module of the adapter."""

from __future__ import annotations

import os
import sys

if "keras" not in sys.modules:  # Keras reads the variable once, when it is imported
    _before = os.environ.get("KERAS_BACKEND")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    try:
        import keras
    finally:
        if _before is None:
            del os.environ["KERAS_BACKEND"]
        else:
            os.environ["KERAS_BACKEND"] = _before
else:
    import keras

if (backend := keras.backend.backend()) != "tensorflow":
    raise ImportError(
        f"Keras runs on {backend} in this process; this adapter needs it on tensorflow: set KERAS_BACKEND=tensorflow"
    )
