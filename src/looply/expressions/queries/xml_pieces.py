"""XML as it is written: pieces, whose size is bounded and charged."""

from looply.expressions.values.evaluation import Run


class XmlPieces:
    """The pieces of an XML text. Methods raise ExpressionLimit when the text or the fuel of the run is used up.

    `size` is the number of characters that are already used of the longest text that a run may make."""

    def __init__(self, run: Run, size: int = 0) -> None:
        self.pieces: list[str] = []
        self._run = run
        self._size = size

    def _write(self, piece: str) -> None:
        self._size += len(piece)
        self._run.check_text(self._size)
        self._run.spend(1 + (len(piece) >> 6))
        self.pieces.append(piece)
