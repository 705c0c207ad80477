"""On this event, call that verb: the one table of effects that cross rooms, in the same transaction.

A verb that itself knows the other room (because it stands above it) calls it directly and is not here.
"""

from collections.abc import Mapping, Sequence

from bursar.chasing import following
from bursar.core.work import Reaction

REACTIONS: Mapping[str, Sequence[Reaction]] = {
    "run.pause": (following.follow_pause,),
    "run.open": (following.follow_open,),
    "run.finish": (following.follow_finish,),
}
