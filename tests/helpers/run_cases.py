"""Runs the cases of several files as one test. Usage: run_cases.py FILE.py… [WORD], which leaves only the cases whose names
hold WORD.
"""
import runpy
import sys

import serving

if __name__ == "__main__":
    files = [word for word in sys.argv[1:] if word.endswith(".py")]
    sys.argv = sys.argv[:1] + [word for word in sys.argv[1:] if word not in files]
    for file in files:
        runpy.run_path(file)
    serving.main()
