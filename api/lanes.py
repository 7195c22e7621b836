"""Who answers in which thread.

A worker has two lanes. Granian's own thread takes every request, and answers at once what takes no noticeable time; a few other
threads, which may wait, answer the rest (docs/decisions/server.md says why). A request goes through them like this:

1. `api.server.in_lanes` marks the request as `HURRIED` and calls the application in granian's thread.
2. `api.delivery.middleware` answers from the cache. What the cache lacks is made there and then, if the path is that of an operation
   declared `quick` (`api.operation.Operation`). It raises `TakesLong` for any other path, and wherever the thread would wait: for a
   database server, for another thread, to compress a large body, for the reader of a file.
3. A `quick` view calls `api.operation.Call.take_time` before anything that may take long, which raises `TakesLong` too.
4. `in_lanes` catches `TakesLong`, removes the mark, and leaves the request to one of the other threads, which begins it anew.

A request without the mark, as any other WSGI server would send it, is answered in full by whoever calls the application.
"""

#: The mark, in the WSGI environ: the request is answered in the thread on which all others wait.
HURRIED = "positions.hurried"


class TakesLong(Exception):
    """The answer may take long, or has to wait: it must not be made in the thread on which all others wait."""
