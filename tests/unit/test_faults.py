"""Every deliberate fault of tests/faults has a place in the code as it is."""

from __future__ import annotations

import ast

import pytest
from faults.__main__ import Fault, place, read_faults


@pytest.mark.parametrize("fault", read_faults(), ids=lambda fault: fault.name)
def test_a_fault_has_its_place(fault: Fault) -> None:
    # What cannot be compiled would be noticed by anything.
    ast.parse(place(fault))
