"""The mark of an experiment: whose report it tries, by the reference of a public tracker."""

from __future__ import annotations

import pytest


def report(*references: str) -> pytest.MarkDecorator:
    """`owner/repository#number` of what others reported of a neighbour of ours."""
    return pytest.mark.report(*references)
