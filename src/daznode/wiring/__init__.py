"""Composition root: settings in, use-cases over adapters out; the only room naming both."""

from daznode.wiring.local import Services

__all__ = ["Services"]
