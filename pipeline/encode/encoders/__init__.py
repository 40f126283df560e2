"""What turns frames into a video stream, one file each."""

from pipeline.encode.encoders.registry import ENCODERS, Encoder, encoder_of

__all__ = ["ENCODERS", "Encoder", "encoder_of"]
