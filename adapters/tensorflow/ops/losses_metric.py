"""The reference's losses of margins, similarities and alignments in TensorFlow."""
