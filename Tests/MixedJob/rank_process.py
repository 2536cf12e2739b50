"""How a rank of these scripts ends: with its status, and without taking the interpreter down.

Gloo's threads may still hold tensors when main() returns; while Python takes itself down, their giving them back aborts
the process now and then ("terminate called without an active exception", pytorch/pytorch#190489). That is PyTorch's, and
not what the tests are about.
"""

import os
import sys
import traceback


def run(main):
    status = 0
    try:
        main()
    except Exception:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
