"""How true a voice is: parity with the reference, quality of every precision."""
