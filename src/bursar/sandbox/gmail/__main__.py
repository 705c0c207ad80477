"""`python -m bursar.sandbox.gmail`: Google's side as a process. Its first line says where it listens, as JSON."""

import sys

import uvloop

from bursar.sandbox.cloud.process import arguments, run
from bursar.sandbox.gmail.app import new_desk, vendor
from bursar.sandbox.gmail.settings import settings

if __name__ == "__main__":
    uvloop.run(run(arguments("gmail", __doc__, sys.argv[1:]), new_desk, vendor, settings))
