"""Keeps a child alive: whenever it ends, starts another. Deaf."""

from common import be_deaf, say, start

be_deaf()
while True:
    child = start("sleeps.py", "deaf", "child")
    say("script")
    child.wait()
