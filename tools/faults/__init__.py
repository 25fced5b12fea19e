"""
The faults that tools/mutate.py and tools/sim_faults.py plant. Each is (file, what is wrong then, what stands in the file, what
the fault makes of it). What stands there occurs once in the file.
"""

from . import base, iocp, mailslot, pipe, sim

FAULTS = [
    (f"src/{module.__name__.rpartition('.')[2]}/{file}", name, old, new)
    for module in (base, iocp, pipe, mailslot)
    for file, name, old, new in module.FAULTS
]
SIM_FAULTS = [(f"src/{file}", name, old, new) for file, name, old, new in sim.FAULTS]
