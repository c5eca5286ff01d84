"""Memory of a process that serves for long: what is loaded at its start is looked at no more."""

import gc


def keep_what_is_loaded() -> None:
    """Leave what exists by now out of garbage collections.

    Compiled code, libraries and networks are some hundred thousand objects that live as long as the
    process. A full collection walks through all of them while nothing else runs: a tenth of a
    second in which no request is answered.
    """
    gc.collect()
    gc.freeze()
