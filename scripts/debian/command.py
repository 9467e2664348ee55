#!/usr/lib/tts-daemon/bin/python
import sys

from MODULE import main

sys.exit(main())
