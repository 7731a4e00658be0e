"""python -m fluorosam_model.training CONFIG [RUN_DIR]"""

from __future__ import annotations

import sys

from fluorosam_model.training.run import train

if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: python -m fluorosam_model.training CONFIG [RUN_DIR]")
    try:
        train(sys.argv[1], sys.argv[2] if len(sys.argv) == 3 else None)
    except ValueError as error:
        sys.exit(str(error))
