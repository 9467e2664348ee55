#!/usr/lib/tts-daemon/bin/python
import sys

from MODULE import FUNCTION

sys.exit(FUNCTION())
