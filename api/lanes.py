"""Two lanes of answers. A worker takes its requests in one thread: several contend for the interpreter, which costs more than answering
from the cache. That thread gives what takes no time, and leaves to others what may take long or wait for somebody.
"""

#: In the environ of a request that is answered in the thread on which all others wait.
HURRIED = "positions.hurried"


class TakesLong(Exception):
    """The answer may take long, or waits for somebody: it is not for the thread on which all others wait."""
