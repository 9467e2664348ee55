"""From accepted requests to sound: the queue, its journal, the worker, and the devices."""
