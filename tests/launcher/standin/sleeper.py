import sys
import time

print("up", *sys.argv[1:], flush=True)
time.sleep(1e6)
