"""What can be typed after `curriculum-rl`: one verb a file, listed in `cli.py`."""
