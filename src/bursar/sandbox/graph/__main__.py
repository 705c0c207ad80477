"""`python -m bursar.sandbox.graph`: Microsoft's side as a process. Its first line says where it listens, as JSON."""

import sys

import uvloop

from bursar.sandbox.cloud.process import arguments, run
from bursar.sandbox.graph.app import new_desk, vendor
from bursar.sandbox.graph.settings import settings

if __name__ == "__main__":
    uvloop.run(run(arguments("graph", __doc__, sys.argv[1:]), new_desk, vendor, settings))
