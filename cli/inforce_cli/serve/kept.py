"""Answers kept in memory: the graph does not change, so what was asked once need not be worked out again."""

from __future__ import annotations

from collections import OrderedDict

from inforce_cli.serve.workers import Answer

__all__ = ["Kept"]


class Kept:
    """The answers asked for last, by what they are known by, up to a number of bytes."""

    def __init__(self, most: int) -> None:
        """Take the bytes that answers may fill; none are kept where it is 0."""
        self.most = most
        self.size = 0
        self._answers: OrderedDict[str, Answer] = OrderedDict()

    def get(self, tag: str | None) -> Answer | None:
        """Return the answer known by ``tag``, if it is kept."""
        if tag is None or tag not in self._answers:
            return None
        self._answers.move_to_end(tag)
        return self._answers[tag]

    def put(self, tag: str | None, answer: Answer) -> None:
        """Keep an answer; those not asked for longest go. One that would fill a quarter of the room is not kept."""
        if tag is None or tag in self._answers or len(answer.body) * 4 > self.most:
            return
        self._answers[tag] = answer
        self.size += len(answer.body) + 1024
        while self.size > self.most:
            _, gone = self._answers.popitem(last=False)
            self.size -= len(gone.body) + 1024
