"""How often the report's sentences are wrong where nothing is there, and find what is: `make calibrate`."""
